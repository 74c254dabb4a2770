import { Duration, Names } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct, IConstruct, IDependable } from 'constructs';
import { bundledFunction } from './bundled-function';
import { functionLogGroup } from './function-role';
import { vpcFunctionRole } from './vpc-role';
import { routeTrouble } from '../network/routes-out';
import { SecretsManagerEndpoint } from '../network/secrets-manager-endpoint';
import { allow } from '../network/security-group-rules';
import { areDualStack, innermostSubnets, outermostSubnets } from '../network/subnets';
import { fail } from '../private/errors';

export interface VpcFunctionProps {
  /** Folder of the bundle under assets/lambda. */
  readonly bundle: string;
  readonly description: string;
  readonly vpc: ec2.IVpc;
  /** The first database that the function connects to; `reach` adds others. */
  readonly database?: ec2.IConnectable & IConstruct;
  readonly secretsManagerEndpoint?: SecretsManagerEndpoint;
  /** Environment variables; those with the value undefined are left out. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * A function of this library that logs in to a database. Its security group reaches the database and Secrets Manager,
 * and nothing else.
 */
export class VpcFunction extends Construct {
  public readonly function: lambda.Function;
  public readonly role: iam.Role;
  /**
   * The constructs that must exist before the function can run: the function, its permissions, its rules and the
   * endpoint.
   */
  public readonly prerequisites: IDependable[];
  /** The Secrets Manager endpoint, if the app knows one. */
  public readonly secretsManagerEndpoint?: SecretsManagerEndpoint;
  private readonly securityGroup: ec2.SecurityGroup;
  private readonly reachable = new Set<string>();

  constructor(
    scope: Construct,
    id: string,
    private readonly props: VpcFunctionProps,
  ) {
    super(scope, id);
    const { bundle, vpc, description } = props;
    const logGroup = functionLogGroup(this);
    this.role = vpcFunctionRole(this, logGroup);
    this.securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', { vpc, description, allowAllOutbound: false });
    const endpoint = (this.secretsManagerEndpoint = this.knownEndpoint());
    const vpcSubnets = endpoint ? innermostSubnets(this, vpc) : outermostSubnets(this, vpc);
    const { subnets } = vpc.selectSubnets(vpcSubnets);
    const ipv6 = areDualStack(subnets);
    this.function = bundledFunction(this, 'Function', {
      bundle,
      description,
      environment: defined(props.environment ?? {}),
      // Measured with `npm run bench:rotation`: about 90 MB at the peak. The first step takes a third of a second of
      // CPU time, which is one second with this memory size.
      memorySize: 512,
      // The longest wait is for a rotation of the admin secret, during which neither of its passwords may log in for a
      // moment.
      timeout: Duration.seconds(60),
      role: this.role,
      logGroup,
      vpc,
      vpcSubnets,
      ipv6AllowedForDualStack: ipv6 || undefined,
      securityGroups: [this.securityGroup],
    });

    if (props.database) this.reach(props.database, 'Database');
    if (!endpoint) this.leaveVpc(subnets, ipv6);
    this.prerequisites = [this, ...(endpoint?._admit(this, this.securityGroup, description) ?? [])];
  }

  /** Adds the security group rules between the function and a database, in the function's stack. */
  public reach(database: ec2.IConnectable & IConstruct, id = `Database${Names.nodeUniqueId(database.node)}`): void {
    const to = database.connections;
    const port =
      to.defaultPort ??
      fail(this, `the connections of 'database' (${database.node.path}) have no default port; give them one`);
    // EC2 refuses a duplicate rule, as for two databases with one security group.
    const groups = to.securityGroups.map(group => group.securityGroupId);
    const rule = JSON.stringify([port.toRuleJson(), groups.length > 0 ? groups : database.node.path]);
    if (this.reachable.has(rule)) return;
    this.reachable.add(rule);
    allow(this, id, { from: this.securityGroup, to, port, description: this.props.description, ingress: true });
  }
  private knownEndpoint(): SecretsManagerEndpoint | undefined {
    const { vpc, secretsManagerEndpoint } = this.props;
    const endpoint = secretsManagerEndpoint ?? SecretsManagerEndpoint._defaultFor(vpc);
    if (!endpoint?._isKnown) return undefined;
    endpoint._check(this, vpc);
    return endpoint;
  }

  /**
   * Allows HTTPS out of the VPC: through a NAT gateway, an egress-only internet gateway, or an endpoint that only the
   * VPC's owner knows.
   */
  private leaveVpc(subnets: ec2.ISubnet[], ipv6: boolean): void {
    for (const peer of [ec2.Peer.anyIpv4(), ...(ipv6 ? [ec2.Peer.anyIpv6()] : [])]) {
      this.securityGroup.addEgressRule(peer, ec2.Port.tcp(443), 'To Secrets Manager, wherever it is reached');
    }
    this.node.addValidation({ validate: () => routeTrouble(this.props.vpc, subnets, ipv6) });
  }
}

function defined(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
