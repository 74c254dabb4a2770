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

/** The endpoints that were made here, with what they were made with. */
const made = new WeakMap<IConstruct, SecretsManagerEndpointOptions>();

/**
 * The interface endpoint through which functions in a VPC reach Secrets Manager.
 *
 * A VPC has one: private DNS sends every caller in the VPC through it, and a second one with private DNS fails to
 * deploy. So one that the app already has is used before one is made. It serves IPv4, which everything in a dual-stack
 * subnet has as well.
 */
export class SecretsManagerEndpoint {
  /**
   * The endpoint of this VPC: one that the app already has, else a new one, which belongs to the VPC. A new one leads
   * to every secret of the account, and to none of another, and admits the whole VPC, unless the options say otherwise.
   *
   * @throws when options are given for an endpoint that is there, for its policy is never replaced
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
   * An endpoint made elsewhere, imported with its security groups. They get a rule for each function that uses it; its
   * policy stays as it is, and must allow what the functions do.
   */
  public static fromInterfaceVpcEndpoint(endpoint: ec2.IInterfaceVpcEndpoint): SecretsManagerEndpoint {
    return new SecretsManagerEndpoint(endpoint, false);
  }

  /**
   * No endpoint: the functions go out on port 443, to wherever the name of Secrets Manager leads. That is a NAT
   * gateway, for which they then run in private subnets rather than in isolated ones, or in a dual-stack VPC an
   * egress-only internet gateway; or an endpoint that others have made, such as a central one of a hub VPC with DNS of
   * its own.
   *
   * In a VPC of this app, synthesis fails when its subnets have no route out.
   */
  public static none(): SecretsManagerEndpoint {
    return new SecretsManagerEndpoint(undefined, true);
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
    // The search goes through the whole app, and each function asks.
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
    // One that the app makes later could not be found.
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
   * The endpoint in the VPC. Who is to reach an endpoint with `onlyAdmittedGroups` is admitted by its `connections`.
   *
   * @throws for `SecretsManagerEndpoint.none()`
   */
  public get endpoint(): ec2.IInterfaceVpcEndpoint {
    if (!this.known) throw new Error('SecretsManagerEndpoint.none() has no endpoint');
    return this.known;
  }

  /**
   * Whether there is an endpoint that is known here.
   *
   * @internal
   */
  public get _isKnown(): boolean {
    return this.known !== undefined;
  }

  /**
   * Refuses what functions in this VPC could never use.
   *
   * @internal
   */
  public _check(scope: IConstruct, vpc: ec2.IVpc): void {
    checkUsable(scope, this.endpoint, vpc);
  }

  /**
   * Lets the client's security group reach the endpoint. Returns what must exist before the first call.
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
    // The resource alone: the construct would bring along every rule that others add to its security group.
    return [this.endpoint.node.defaultChild].filter(child => CfnResource.isCfnResource(child));
  }
}

/**
 * Whether everything in the VPC is admitted already. An imported one may have more ranges of addresses than the one
 * that is known here.
 */
function admitsAll(vpc: ec2.IVpc, options?: SecretsManagerEndpointOptions): boolean {
  return options !== undefined && !options.onlyAdmittedGroups && Resource.isOwnedResource(vpc);
}
