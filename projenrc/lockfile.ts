import { javascript } from 'projen';

/** The lockfile must install from any registry, and with the Go module of the lowest CDK. */
export function pinLockfile(project: javascript.NodeProject): void {
  project.npmrc.addConfig('omit-lockfile-registry-resolved', 'true');
  // 1.13 lists platform packages that not every registry carries, which puts the lock out of sync.
  project.package.addPackageResolutions('unrs-resolver@1.12.2');
  // The asset packages that the Go module of the floor names; newer ones are not in the Go proxy.
  project.package.addPackageResolutions('@aws-cdk/asset-awscli-v1@2.2.229', '@aws-cdk/asset-node-proxy-agent-v6@2.1.0');
}
