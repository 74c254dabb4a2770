import { Annotations, CfnResource, Resource } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { IConstruct, IDependable } from 'constructs';
import { checkUsable, secretsManagerEndpointsOf } from './endpoints-in-vpc';
import {
  checkOptions,
  endpointStatements,
  SecretsManagerEndpointOptions,
  warnOfLimits,
} from './secrets-manager-endpoint-options';
import { allow } from './security-group-rules';
import { innermostSubnets } from './subnets';
import { acknowledge, compliance } from '../private/acknowledge';
import { fail } from '../private/errors';

const ID = 'SecretsManagerEndpoint';
const HTTPS = ec2.Port.tcp(443);

/** The endpoints that this library created, with their options. */
const made = new WeakMap<IConstruct, SecretsManagerEndpointOptions>();

/**
 * The interface VPC endpoint through which functions in a VPC reach Secrets Manager.
 *
 * A VPC can have only one with private DNS: it serves every caller in the VPC, and a second one fails to deploy. So an
 * endpoint that the app already has is used, and a new one is created only if there is none. It serves IPv4, which
 * dual-stack subnets have too.
 */
export class SecretsManagerEndpoint {
  /**
   * The endpoint of this VPC: the one that the app already has, or a new one in the scope of the VPC. By default, a new
   * endpoint reaches every secret of the account and no secret of another account, and admits the CIDR block of the
   * VPC.
   *
   * @throws when options are given and the endpoint already exists with other options, because its policy is never
   * replaced
   */
  public static forVpc(vpc: ec2.IVpc, options: SecretsManagerEndpointOptions = {}): SecretsManagerEndpoint {
    const found = SecretsManagerEndpoint.find(vpc);
    if (!found) return SecretsManagerEndpoint.create(vpc, options);
    const asked = JSON.stringify(options);
    if (asked !== '{}' && asked !== JSON.stringify(made.get(found.endpoint))) {
      fail(
        vpc,
        `SecretsManagerEndpoint.forVpc has the options ${asked}, but the VPC has an endpoint ` +
          `(${found.endpoint.node.path}), which stays as it` +
          ' is; ask for them before the first RotatingPostgres in this VPC, or give its own endpoint such a ' +
          'policy and group, and leave them out',
      );
    }
    return found;
  }

  /**
   * An existing endpoint, imported with its security groups. They get a rule for each function and consumer that uses
   * it. Its policy is not changed, and must allow the functions' requests.
   */
  public static fromInterfaceVpcEndpoint(endpoint: ec2.IInterfaceVpcEndpoint): SecretsManagerEndpoint {
    return new SecretsManagerEndpoint(endpoint, false);
  }

  /**
   * No endpoint: the functions connect on port 443 to any address that the host name of Secrets Manager resolves to.
   * They reach it through a NAT gateway, for which they run in private subnets and not in isolated ones; in a
   * dual-stack VPC, through an egress-only internet gateway; or through an endpoint that this app does not know, such
   * as a central one in a hub VPC with its own DNS.
   *
   * Synthesis fails if the app creates the VPC and its subnets have no route out.
   */
  public static none(): SecretsManagerEndpoint {
    return new SecretsManagerEndpoint(undefined, true);
  }

  /**
   * The default endpoint for functions in this VPC. In an imported VPC, none is created unless requested: it would
   * reroute callers that this app does not know, and would fail to deploy if the VPC already has one.
   *
   * @internal
   */
  public static _defaultFor(vpc: ec2.IVpc): SecretsManagerEndpoint | undefined {
    const found = SecretsManagerEndpoint.find(vpc);
    if (found) return found;
    if (Resource.isOwnedResource(vpc)) return SecretsManagerEndpoint.create(vpc, {});
    const ways =
      vpc.privateSubnets.length > 0
        ? 'by its own interface endpoint or a NAT gateway'
        : 'by its own interface endpoint, for its subnets are isolated';
    Annotations.of(vpc).addWarningV2(
      'cdk-rotating-postgres:secrets-manager-reachability',
      `functions in the imported VPC '${vpc.node.path}' must reach Secrets Manager, ${ways}, and this` +
        " cannot be seen from here. Pass 'secretsManagerEndpoint': SecretsManagerEndpoint.forVpc(vpc) makes one," +
        ' SecretsManagerEndpoint.fromInterfaceVpcEndpoint(endpoint) uses one, SecretsManagerEndpoint.none() ' +
        'says that it is reached without.',
    );
    return undefined;
  }

  private static find(vpc: ec2.IVpc): SecretsManagerEndpoint | undefined {
    // The search visits the whole app and runs for each function, so that the endpoint of this library is looked up
    // first.
    const resource = vpc.node.tryFindChild(ID)?.node.defaultChild ?? secretsManagerEndpointsOf(vpc)[0];
    if (!resource) return undefined;
    const endpoint = resource.node.scope;
    if (!(endpoint instanceof ec2.InterfaceVpcEndpoint)) {
      return fail(
        vpc,
        'the VPC has an endpoint for Secrets Manager that is no ec2.InterfaceVpcEndpoint ' +
          `(${resource.node.path}), so that its security` +
          " groups are not known; pass 'secretsManagerEndpoint': SecretsManagerEndpoint.fromInterfaceVpcEndpoint(" +
          'ec2.InterfaceVpcEndpoint.fromInterfaceVpcEndpointAttributes(…)) with them',
      );
    }
    return new SecretsManagerEndpoint(endpoint, admitsAll(vpc, made.get(endpoint)));
  }

  private static create(vpc: ec2.IVpc, options: SecretsManagerEndpointOptions): SecretsManagerEndpoint {
    checkOptions(vpc, options);
    const endpoint = new ec2.InterfaceVpcEndpoint(vpc, ID, {
      vpc,
      service: ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
      privateDnsEnabled: true,
      open: !options.onlyAdmittedGroups,
      subnets: innermostSubnets(vpc, vpc),
    });
    made.set(endpoint, options);
    // An endpoint that the app creates later is only found at the end of synthesis.
    endpoint.node.addValidation({
      validate: () =>
        secretsManagerEndpointsOf(vpc)
          .map(other => (other.node.id === 'Resource' ? other.node.scope! : other))
          .filter(other => other !== endpoint)
          .map(
            other =>
              `'${other.node.path}' is a second endpoint for Secrets Manager with private DNS in this VPC, which ` +
              'fails to deploy;' +
              ' make it before the first RotatingPostgres, or not at all',
          ),
    });
    for (const statement of endpointStatements(endpoint, options)) endpoint.addToPolicy(statement);
    warnOfLimits(endpoint, options);
    if (!options.onlyAdmittedGroups) {
      for (const group of endpoint.connections.securityGroups) {
        acknowledge(group, {
          rules: ['AwsSolutions-EC23', ...compliance('EC2RestrictedCommonPorts', 'EC2RestrictedSSH')],
          reason: 'The group admits port 443 from the CIDR of its own VPC, which is known at deployment only.',
        });
      }
    }
    return new SecretsManagerEndpoint(endpoint, admitsAll(vpc, options));
  }

  private readonly known?: ec2.IInterfaceVpcEndpoint;
  private readonly admitsVpc: boolean;

  private constructor(endpoint: ec2.IInterfaceVpcEndpoint | undefined, admitsVpc: boolean) {
    this.known = endpoint;
    this.admitsVpc = admitsVpc;
  }

  /**
   * The endpoint. With `onlyAdmittedGroups`, add other clients with its `connections`.
   *
   * @throws for `SecretsManagerEndpoint.none()`
   */
  public get endpoint(): ec2.IInterfaceVpcEndpoint {
    if (!this.known) throw new Error('SecretsManagerEndpoint.none() has no endpoint');
    return this.known;
  }

  /**
   * Whether the app knows an endpoint.
   *
   * @internal
   */
  public get _isKnown(): boolean {
    return this.known !== undefined;
  }

  /**
   * Refuses an endpoint that functions in this VPC could not use.
   *
   * @internal
   */
  public _check(scope: IConstruct, vpc: ec2.IVpc): void {
    checkUsable(scope, this.endpoint, vpc);
  }

  /**
   * Lets the client's security group reach the endpoint. Returns the constructs that must exist before the first
   * request.
   *
   * @internal
   */
  public _admit(scope: IConstruct, client: ec2.ISecurityGroup, description: string): IDependable[] {
    allow(scope, ID, {
      from: client,
      to: this.endpoint.connections,
      port: HTTPS,
      description,
      ingress: !this.admitsVpc,
    });
    // Only the resource: a dependency on the construct would include every rule that others add to its security group.
    return [this.endpoint.node.defaultChild].filter(child => CfnResource.isCfnResource(child));
  }
}

/**
 * Whether the endpoint admits the whole VPC already. An imported VPC may have more CIDR blocks than the one that the
 * app knows.
 */
function admitsAll(vpc: ec2.IVpc, options?: SecretsManagerEndpointOptions): boolean {
  return options !== undefined && !options.onlyAdmittedGroups && Resource.isOwnedResource(vpc);
}
