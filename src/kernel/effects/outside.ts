import type { Connector, Egress } from '../../connect/index.ts';
import { failure } from '../../contract/index.ts';
import type { KernelPorts } from '../ports.ts';

/** How a connector speaks to the hosts that it declares; one that declares none reaches nobody. */
export function fetchOf(
  { egress }: Pick<KernelPorts, 'egress'>,
  { hosts = [], name }: Connector,
): Egress['fetch'] {
  if (egress && hosts.length > 0) return egress(hosts).fetch;
  return async () => {
    throw refused('host_not_listed', `The connection "${name}" names no host it speaks to.`, name);
  };
}

/** The same while something is prepared: what could change anything outside is refused. */
export function readOf(ports: Pick<KernelPorts, 'egress'>, connector: Connector): Egress['fetch'] {
  const fetch = fetchOf(ports, connector);
  return async (request) => {
    const { method = 'GET' } = request;
    if (method === 'GET' || method === 'HEAD') return fetch(request);
    const message = `The connection "${connector.name}" may only read before you approve.`;
    throw refused('method', message, connector.name);
  };
}

function refused(reason: string, message: string, connector: string) {
  return failure(
    'egress_refused',
    message,
    { reason, connector },
    'This is a defect of the connection; nothing was sent.',
  );
}
