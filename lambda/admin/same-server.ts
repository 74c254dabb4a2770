/** A host and a port. */
interface Address {
  readonly host: string;
  readonly port: number;
}

/** `orders.cluster-abc123.eu-west-1.rds.amazonaws.com` writes, `orders.cluster-ro-abc123.…` reads. */
const CLUSTER_HOST = /^([^.]+)\.cluster-(?:ro-)?([^.]+\.[^.]+\.rds\.amazonaws\.com(?:\.cn)?)$/;

/** Whether both are the same place. Host names have no case. */
export function sameAddress(a: Address, b: Address): boolean {
  return a.host.toLowerCase() === b.host.toLowerCase() && a.port === b.port;
}

/** Whether both are endpoints of one Aurora cluster, by their names. A custom endpoint's name does not tell. */
export function sameCluster(a: Address, b: Address): boolean {
  const [cluster, other] = [a, b].map(({ host }) => CLUSTER_HOST.exec(host.toLowerCase()));
  return a.port === b.port && cluster !== null && other !== null && cluster[1] === other[1] && cluster[2] === other[2];
}
