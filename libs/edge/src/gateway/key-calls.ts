/** What a Node asks about its own key: each by a proof, of whichever gateway answers. */
import { headers as names, isTime, routePath, type RouteName } from '@plexsphere/wire';
import { EdgeError } from '../edge-error';
import { objectOf, type JsonObject } from '../folder/json';
import { readView, type KeyView } from './key-view';
import { GatewayCaller, type GatewayAccess, type GatewayAnswer, type GatewayCall } from './gateway-caller';
import { finalProblem } from './refusals';
import type { ServerClock } from './server-clock';

/** A proof that is made now, by the server's time as it is known now. */
export type MakeProof = () => Promise<string>;

export type KeyRoute = Extract<RouteName, 'changeNodeKey' | 'confirmNodeKey' | 'nodeToken' | 'logout'>;

/** What an answer's body says. @throws EdgeError answer_malformed, and then the next gateway is asked */
export type Read<Reply> = (body: JsonObject) => Reply;

export class KeyCalls {
  private readonly caller: GatewayCaller;

  /** @throws NodeSdkError for addresses that a proof must not be shown to */
  constructor(
    access: GatewayAccess,
    private readonly clock: ServerClock,
  ) {
    this.caller = new GatewayCaller(access);
  }

  /** @throws EdgeError `refused`, `unanswered`, `answer_malformed` */
  enroll<Reply>(token: string, makeProof: MakeProof, read: Read<Reply>): Promise<Reply> {
    const path = routePath('enroll');
    return this.fresh(makeProof, (proof) => ({ method: 'POST', path, body: { token, proof } }), read);
  }

  /** @throws EdgeError `refused`, `unanswered`, `answer_malformed` */
  view(nodeId: string, makeProof: MakeProof): Promise<KeyView> {
    const path = routePath('nodeKey', { node_id: nodeId });
    const call = (proof: string): GatewayCall => ({ method: 'GET', path, headers: { [names.proof]: proof } });
    return this.fresh(makeProof, call, readView);
  }

  /** @throws EdgeError `refused`, `unanswered`, `answer_malformed` */
  ask<Reply>(route: KeyRoute, nodeId: string, makeProof: MakeProof, read: Read<Reply>): Promise<Reply> {
    return this.fresh(makeProof, (proof) => post(route, nodeId, proof), read);
  }

  /** This very request, as it was made whenever that was. @throws EdgeError `refused`, `unanswered`, `answer_malformed` */
  again<Reply>(route: KeyRoute, nodeId: string, proof: string, read: Read<Reply>): Promise<Reply> {
    return this.answered(post(route, nodeId, proof), read);
  }

  close(): void {
    this.caller.close();
  }

  /** Whose clock is wrong is told the time by the refusal, and proves it once more. */
  private async fresh<Reply>(make: MakeProof, call: (proof: string) => GatewayCall, read: Read<Reply>): Promise<Reply> {
    try {
      return await this.answered(call(await make()), read);
    } catch (error) {
      if (!(error instanceof EdgeError) || !error.isRefusal('proofStale')) throw error;
      return this.answered(call(await make()), read);
    }
  }

  private async answered<Reply>(call: GatewayCall, read: Read<Reply>): Promise<Reply> {
    let taken: { reply: Reply } | undefined;
    let wrong: EdgeError | undefined;
    const answer = await this.caller.ask(call, ({ status, text }) => {
      const body = objectOf(text) ?? {};
      if (!isOk(status)) {
        const problem = finalProblem(text);
        if (problem !== undefined && isTime(body['now'])) this.clock.heard(body['now']);
        return problem === undefined;
      }
      try {
        taken = { reply: read(body) };
      } catch (error) {
        if (!(error instanceof EdgeError)) throw error;
        wrong = error;
        return true;
      }
      if (isTime(body['now'])) this.clock.heard(body['now']);
      return false;
    });
    if (taken !== undefined) return taken.reply;
    throw typeof answer === 'string' ? (wrong ?? new EdgeError('unanswered', answer)) : (wrong ?? refusalOf(answer));
  }
}

const post = (route: KeyRoute, nodeId: string, proof: string): GatewayCall => ({
  method: 'POST',
  path: routePath(route, { node_id: nodeId }),
  body: { proof },
});

const isOk = (status: number): boolean => status >= 200 && status < 300;

function refusalOf({ status, text }: GatewayAnswer): EdgeError {
  const problem = finalProblem(text);
  if (problem === undefined) return new EdgeError('unanswered', `${status}`);
  return new EdgeError('refused', problem.detail, problem.body);
}
