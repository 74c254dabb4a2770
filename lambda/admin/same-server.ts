interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * The writer endpoint is `orders.cluster-abc123.eu-west-1.rds.amazonaws.com`, the reader endpoint
 * `orders.cluster-ro-abc123.…`.
 */
const CLUSTER_HOST = /^([^.]+)\.cluster-(?:ro-)?([^.]+\.[^.]+\.rds\.amazonaws\.com(?:\.cn)?)$/;

/** Whether both have the same host and port. Host names are not case-sensitive. */
export function sameAddress(a: Address, b: Address): boolean {
  return a.host.toLowerCase() === b.host.toLowerCase() && a.port === b.port;
}

/**
 * Whether both hosts are the writer or reader endpoint of one Aurora cluster. A custom endpoint does not match, because
 * its name does not say which cluster it belongs to.
 */
export function sameCluster(a: Address, b: Address): boolean {
  const [cluster, other] = [a, b].map(({ host }) => CLUSTER_HOST.exec(host.toLowerCase()));
  return a.port === b.port && cluster !== null && other !== null && cluster[1] === other[1] && cluster[2] === other[2];
}
