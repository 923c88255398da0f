import { Injectable, UseGuards, type PipeTransform, type Type } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { validated } from '@plexsphere/service-kit';
import {
  COMMANDS,
  isHttpCommand,
  scopeNamed,
  subjects,
  type Command,
  type ReplyOf,
  type RequestOf,
} from '@plexsphere/wire';
import * as requests from '@plexsphere/wire/commands';
import { RotationConfig, requireAccepted } from '../rotation-config';
import { AskedBy, OperatorGuard, type Asked } from './operator.guard';

type Handler<C extends Command> = (request: RequestOf<C>, asked: Asked) => Promise<ReplyOf<C>>;

/**
 * The method that answers a command, as the table of commands has it: the guard lets through who may give it, the request
 * is valid, and its scope is of a kind that this installation accepts.
 */
export const Handles =
  <C extends Command>(command: C) =>
  <H extends Handler<C>>(controller: object, method: string, descriptor: TypedPropertyDescriptor<H>): void => {
    UseGuards(OperatorGuard)(controller, method, descriptor);
    MessagePattern(subjectsOf(command))(controller, method, descriptor);
    Payload(requestOf(command))(controller, method, 0);
    AskedBy()(controller, method, 1);
  };

const subjectsOf = (command: Command): string[] => [
  subjects.command('*', command),
  ...(isHttpCommand(command) ? [subjects.httpCommand(command)] : []),
];

function requestOf(command: Command): Type<PipeTransform> {
  const edge = validated<object>(requests[COMMANDS[command].request]);
  @Injectable()
  class RequestOf implements PipeTransform<unknown> {
    constructor(private readonly config: RotationConfig) {}

    async transform(body: unknown): Promise<object> {
      const request = await edge.transform(body, { type: 'body' });
      const scope = scopeNamed(command, request);
      if (scope !== undefined) requireAccepted(scope, this.config);
      return request;
    }
  }
  return RequestOf;
}
