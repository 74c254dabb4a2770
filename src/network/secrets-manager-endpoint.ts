import { Annotations, CfnResource, Resource, Stack, Stage } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { IConstruct, IDependable } from 'constructs';
import { acknowledge } from '../private/acknowledge';
import { allow } from '../private/security-group-rules';
import { innermostSubnets } from '../private/subnets';

const ID = 'SecretsManagerEndpoint';
const HTTPS = ec2.Port.tcp(443);

/**
 * The interface endpoint through which functions in a VPC reach Secrets Manager.
 *
 * A VPC has one: private DNS sends every caller in the VPC through it, and a second one with private DNS fails to deploy. So
 * one that the app already has is used before one is made.
 */
export class SecretsManagerEndpoint {
  /** The endpoint of this VPC: one that the app already has, else a new one, which belongs to the VPC. */
  public static forVpc(vpc: ec2.IVpc): SecretsManagerEndpoint {
    return SecretsManagerEndpoint.find(vpc) ?? SecretsManagerEndpoint.create(vpc);
  }

  /** An endpoint made elsewhere. Its security group gets a rule for each function that uses it. */
  public static fromInterfaceVpcEndpoint(endpoint: ec2.IInterfaceVpcEndpoint): SecretsManagerEndpoint {
    return new SecretsManagerEndpoint(endpoint, false);
  }

  /**
   * The endpoint for functions in this VPC when the user names none. In an imported VPC none is made unasked: it would
   * reroute callers that this app does not know, and fail to deploy when the VPC has one.
   *
   * @internal
   */
  public static _defaultFor(vpc: ec2.IVpc): SecretsManagerEndpoint | undefined {
    const found = SecretsManagerEndpoint.find(vpc);
    if (found) return found;
    if (Resource.isOwnedResource(vpc)) return SecretsManagerEndpoint.create(vpc);
    Annotations.of(vpc).addWarningV2('cdk-rotating-postgres:secrets-manager-reachability',
      `functions in the imported VPC '${vpc.node.path}' must reach Secrets Manager, by its own interface endpoint or a NAT gateway, and this`
      + ' cannot be seen from here. Pass \'secretsManagerEndpoint\': SecretsManagerEndpoint.forVpc(vpc) makes one,'
      + ' SecretsManagerEndpoint.fromInterfaceVpcEndpoint(endpoint) uses one.');
    return undefined;
  }

  private static find(vpc: ec2.IVpc): SecretsManagerEndpoint | undefined {
    const [endpoint] = endpointsOf(vpc);
    return endpoint && new SecretsManagerEndpoint(endpoint, endpoint === vpc.node.tryFindChild(ID));
  }

  private static create(vpc: ec2.IVpc): SecretsManagerEndpoint {
    const endpoint = new ec2.InterfaceVpcEndpoint(vpc, ID, {
      vpc,
      service: ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
      privateDnsEnabled: true,
      open: true,
      subnets: innermostSubnets(vpc, vpc),
    });
    // One that the app makes later could not be found.
    endpoint.node.addValidation({
      validate: () => endpointsOf(vpc).filter(other => other !== endpoint).map(other =>
        `'${other.node.path}' is a second endpoint for Secrets Manager with private DNS in this VPC, which fails to deploy;`
        + ' make it before the first RotatingPostgres, or not at all'),
    });
    // Everyone in the VPC now comes this way: any principal, any action, but no secret of another account. GetRandomPassword
    // and the like have no resource and so no resource account.
    endpoint.addToPolicy(new iam.PolicyStatement({
      principals: [new iam.AnyPrincipal()],
      actions: ['secretsmanager:*'],
      resources: ['*'],
      conditions: { StringEqualsIfExists: { 'aws:ResourceAccount': endpoint.stack.account } },
    }));
    for (const group of endpoint.connections.securityGroups) {
      acknowledge(group, {
        rule: 'AwsSolutions-EC23',
        reason: 'The group admits port 443 from the CIDR of its own VPC, which is known at deployment only.',
      });
    }
    return new SecretsManagerEndpoint(endpoint, true);
  }

  /** The endpoint in the VPC. */
  public readonly endpoint: ec2.IInterfaceVpcEndpoint;
  private readonly admitsVpc: boolean;

  private constructor(endpoint: ec2.IInterfaceVpcEndpoint, admitsVpc: boolean) {
    this.endpoint = endpoint;
    this.admitsVpc = admitsVpc;
  }

  /**
   * Lets the client's security group reach the endpoint. Returns what must exist before the first call.
   *
   * @internal
   */
  public _admit(scope: IConstruct, client: ec2.ISecurityGroup, description: string): IDependable[] {
    allow(scope, ID, { from: client, to: this.endpoint.connections, port: HTTPS, description, ingress: !this.admitsVpc });
    // The resource alone: the construct would bring along every rule that others add to its security group.
    return [this.endpoint.node.defaultChild].filter(child => CfnResource.isCfnResource(child));
  }
}

/**
 * The interface endpoints for Secrets Manager that the app makes in this VPC, with private DNS. In this stage and environment:
 * while lookups are pending, imported VPCs of different accounts have the same id.
 */
function endpointsOf(vpc: ec2.IVpc): ec2.InterfaceVpcEndpoint[] {
  const { environment } = Stack.of(vpc);
  const all = (Stage.of(vpc) ?? vpc.node.root).node.findAll();
  return all.filter(construct => construct instanceof ec2.InterfaceVpcEndpoint).filter(endpoint => {
    if (endpoint.stack.environment !== environment) return false;
    const resource = endpoint.node.defaultChild as ec2.CfnVPCEndpoint;
    // The region, and in China a prefix as well, may be tokens within the name.
    const service = JSON.stringify(resource.stack.resolve(resource.serviceName) ?? '');
    return resource.vpcId === vpc.vpcId && resource.privateDnsEnabled === true && /\.secretsmanager(?![\w-])/.test(service);
  });
}
