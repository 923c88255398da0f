import 'reflect-metadata';
import { COMMAND_NAMES, commandOf } from '@plexsphere/wire';
import { RotationConfig } from '../rotation-config';
import { RotationModule } from '../rotation.module';

/** The subjects that the service's controllers answer. */
function patterns(): string[] {
  const { controllers = [] } = RotationModule.with(
    Object.assign(new RotationConfig(), { databaseUrl: () => 'postgres://nobody@127.0.0.1/none' }),
    {} as never,
  );
  return controllers.flatMap(({ prototype }) =>
    Object.getOwnPropertyNames(prototype).flatMap(
      (name) => (Reflect.getMetadata('microservices:pattern', prototype[name]) as string[] | undefined) ?? [],
    ),
  );
}

it('every command of the table is answered, by one method', () => {
  const answered = patterns().flatMap((pattern) => commandOf(pattern)?.command ?? []);
  expect(answered.sort()).toEqual([...COMMAND_NAMES].sort());
});
