/** The examples do what they say. */
import { placeOrders } from '../../examples/place-order/main.js';
import { silent } from '../support/engineHarness.js';

describe('examples/place-order', () => {
  it('places an order once for its key, and refuses what is not in stock', async () => {
    const lines: string[] = [];
    const warnings: string[] = [];
    await placeOrders((line) => lines.push(line), { ...silent, warn: (message) => warnings.push(message) });
    expect(lines).toEqual([
      'order 42: R-1 and R-2, paid by P-42',
      'asked again with the same key, nothing was reserved or charged twice: R-1 and R-2',
      'order 43 ended failed: There is not enough of nut.',
    ]);
    expect(warnings).toContain('only 2 of nut left');
  });
});
