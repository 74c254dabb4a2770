import { Reference, Stack, Stage, Tokenization } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { IConstruct } from 'constructs';
import { fail } from '../private/errors';

/**
 * The interface endpoints for Secrets Manager with private DNS that the app creates in this VPC. Only those of the
 * VPC's stage and environment count: while context lookups are pending, imported VPCs of different accounts have the
 * same id.
 */
export function secretsManagerEndpointsOf(vpc: ec2.IVpc): ec2.CfnVPCEndpoint[] {
  const { environment } = Stack.of(vpc);
  const all = (Stage.of(vpc) ?? vpc.node.root).node.findAll();
  return all
    .filter(construct => construct instanceof ec2.CfnVPCEndpoint)
    .filter(
      ({ stack, vpcId, privateDnsEnabled }) =>
        stack.environment === environment && vpcId === vpc.vpcId && privateDnsEnabled === true,
    )
    .filter(isForSecretsManager);
}

/** Refuses an endpoint that functions in this VPC could not use, as far as the app can tell. */
export function checkUsable(scope: IConstruct, endpoint: ec2.IInterfaceVpcEndpoint, vpc: ec2.IVpc): void {
  const wrong = (what: string) => fail(scope, `'secretsManagerEndpoint' (${endpoint.node.path}) ${what}`);
  if (endpoint.connections.securityGroups.length === 0) {
    wrong(
      'has no security group that is known here, so that functions would get no egress rule to it; import it ' +
        "with its 'securityGroups'",
    );
  }
  const resource = endpoint.node.defaultChild;
  if (!(resource instanceof ec2.CfnVPCEndpoint)) return;
  if (isDifferent(resource.vpcId, vpc.vpcId)) {
    wrong(
      `is in another VPC than the function (${vpc.node.path}), where private DNS does not resolve to it; ` +
        'pass the endpoint of that VPC, or' +
        ' SecretsManagerEndpoint.none() if your own DNS does',
    );
  }
  if (isForAnotherService(resource)) {
    wrong('is not for Secrets Manager; make one for ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER');
  }
  if (resource.privateDnsEnabled === false) {
    wrong(
      'has private DNS off, so that the functions, which use the public name of Secrets Manager, would ' +
        "not use it; switch 'privateDnsEnabled' on," +
        ' or pass SecretsManagerEndpoint.none() if your own DNS resolves to it',
    );
  }
  const { enableDnsHostnames, enableDnsSupport } = (vpc.node.defaultChild ?? {}) as Partial<ec2.CfnVPC>;
  if (enableDnsHostnames === false || enableDnsSupport === false) {
    wrong(
      `has private DNS, for which its VPC (${vpc.node.path}) needs 'enableDnsHostnames' and ` +
        "'enableDnsSupport'; switch them on",
    );
  }
}

function isForSecretsManager(endpoint: ec2.CfnVPCEndpoint): boolean {
  return /\.secretsmanager(?![\w-])/.test(serviceNameOf(endpoint));
}

/** Accepts a service name whose last part is a token. */
function isForAnotherService(endpoint: ec2.CfnVPCEndpoint): boolean {
  return /\.[a-z][a-z0-9-]*"[\]}]*$/.test(serviceNameOf(endpoint)) && !isForSecretsManager(endpoint);
}

/** The service name as JSON, because the Region, and in China a prefix, may be tokens within it. */
function serviceNameOf({ stack, serviceName }: ec2.CfnVPCEndpoint): string {
  return JSON.stringify(stack.resolve(serviceName) ?? '');
}

/** Whether two ids certainly belong to different VPCs: both are literals, or both VPCs are created in this app. */
function isDifferent(one: string, other: string): boolean {
  if (one === other) return false;
  const [a, b] = [one, other].map(vpcOf);
  return a !== undefined && b !== undefined && typeof a === typeof b && a !== b;
}

/** The literal id, or the VPC resource if this app creates it. */
function vpcOf(vpcId: string): string | IConstruct | undefined {
  const { firstToken, length, firstValue } = Tokenization.reverseString(vpcId);
  if (!firstToken) return length === 0 ? undefined : String(firstValue);
  return length === 1 && Reference.isReference(firstToken) && firstToken.target instanceof ec2.CfnVPC
    ? firstToken.target
    : undefined;
}
