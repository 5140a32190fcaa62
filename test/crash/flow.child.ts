// One process of the invoice flow: goes on with what is there, and dies at the boundary it was told.
import { createFailpoints, watchConnector, watchFiles, watchLog } from '../support/failpoints.ts';
import { driveInvoice, openInvoiceHome } from '../support/invoice-flow.ts';

const [home = '', killAt = '0'] = process.argv.slice(2);
const points = createFailpoints(Number(killAt));
watchFiles(points);
const composed = await openInvoiceHome({
  home,
  wrapLog: (log) => watchLog(log, points),
  wrapConnector: (connector) => watchConnector(connector, points),
});
const run = await driveInvoice(composed);
await composed.close();
process.stdout.write(JSON.stringify({ status: run.status, passed: points.passed }));
