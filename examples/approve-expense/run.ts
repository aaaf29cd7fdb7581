import { approveExpenses } from './main.js';

await approveExpenses(console.log);
