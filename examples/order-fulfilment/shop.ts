/** The application: channels, systems and command in one container. */
import { Container } from 'inversify';
import { type Channel, embeddedEngine, type SixfoldOptions, sixfoldModule } from 'sixfold';
import { FulfilOrder } from './FulfilOrder.js';
import { Inventory, Orders, Payments, Users } from './systems.js';

/** By the names under which the systems ask for them. */
export interface ShopChannels {
  readonly user: Channel;
  readonly inventory: Channel;
  readonly order: Channel;
  readonly payment: Channel;
}

/** @param file of the journal */
export function shop(channels: ShopChannels, file: string, options: Partial<SixfoldOptions> = {}): Container {
  const container = new Container();
  for (const [name, channel] of Object.entries(channels)) container.bind(name).toConstantValue(channel);
  for (const system of [Users, Inventory, Orders, Payments]) container.bind<object>(system).to(system).inSingletonScope();
  container.load(sixfoldModule({ engine: embeddedEngine({ file }), commands: [FulfilOrder], ...options }));
  return container;
}
