import { placeOrders } from './main.js';

await placeOrders(console.log);
