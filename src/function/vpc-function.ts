import * as path from 'path';
import { CfnResource, Duration, Names } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct, IConstruct, IDependable } from 'constructs';
import { acknowledgeFunction, functionLogGroup, functionRole } from './function-role';
import { routeTrouble } from '../network/routes-out';
import { SecretsManagerEndpoint } from '../network/secrets-manager-endpoint';
import { allow } from '../network/security-group-rules';
import { areDualStack, innermostSubnets, outermostSubnets } from '../network/subnets';
import { acknowledge, acknowledgeLint } from '../private/acknowledge';
import { fail } from '../private/errors';

/** The current Node.js runtime; the lowest supported aws-cdk-lib has no constant for it. */
export const NODEJS_24 = new lambda.Runtime('nodejs24.x', lambda.RuntimeFamily.NODEJS, { supportsInlineCode: true });

/** cfn-lint: a dependency that a reference enforces already. */
const REDUNDANT_DEPENDENCY = 'W3005';

/** To attach a function to a VPC. */
const ATTACH = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

export interface VpcFunctionProps {
  /** Folder of the bundle under assets/lambda. */
  readonly bundle: string;
  readonly description: string;
  readonly vpc: ec2.IVpc;
  /** The first database that the function reaches; `reach` adds others. */
  readonly database?: ec2.IConnectable & IConstruct;
  readonly secretsManagerEndpoint?: SecretsManagerEndpoint;
  /** What the function is told; what has no value is left out. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * A function of this library that logs in to a database: it reaches the database and Secrets Manager, and nothing else.
 */
export class VpcFunction extends Construct {
  public readonly function: lambda.Function;
  public readonly role: iam.Role;
  /** What must exist before the function can work: itself, its permissions, its rules and the endpoint. */
  public readonly prerequisites: IDependable[];
  /** The way to Secrets Manager, where the app knows one. */
  public readonly secretsManagerEndpoint?: SecretsManagerEndpoint;
  private readonly securityGroup: ec2.SecurityGroup;
  private readonly reachable = new Set<string>();

  constructor(
    scope: Construct,
    id: string,
    private readonly props: VpcFunctionProps,
  ) {
    super(scope, id);
    const logGroup = functionLogGroup(this);
    this.role = functionRole(this, logGroup, [
      new iam.PolicyStatement({
        // What Lambda itself does, in this role's name, to attach the function to the VPC.
        actions: ATTACH,
        resources: ['*'],
      }),
      new iam.PolicyStatement({
        // Not for the code that runs as this role: only its own calls name the function that they come from.
        effect: iam.Effect.DENY,
        actions: ATTACH,
        resources: ['*'],
        conditions: { Null: { 'lambda:SourceFunctionArn': 'false' } },
      }),
    ]);
    const reason =
      'Lambda attaches the function to the VPC by network interfaces whose ids are unknown before, and ' +
      'describing them has no resource.';
    acknowledge(this.role, { rules: ['AwsSolutions-IAM5'], finding: 'Resource::*', reason });
    acknowledge(this.role, { rules: ['CKV_AWS_111'], reason });
    const securityGroup = (this.securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc: props.vpc,
      description: props.description,
      allowAllOutbound: false,
    }));
    const given = props.secretsManagerEndpoint ?? SecretsManagerEndpoint._defaultFor(props.vpc);
    const endpoint = (this.secretsManagerEndpoint = given?._isKnown ? given : undefined);
    endpoint?._check(this, props.vpc);
    const vpcSubnets = endpoint ? innermostSubnets(this, props.vpc) : outermostSubnets(this, props.vpc);
    const { subnets } = props.vpc.selectSubnets(vpcSubnets);
    const ipv6 = areDualStack(subnets);
    this.function = new lambda.Function(this, 'Function', {
      description: props.description,
      code: lambda.Code.fromAsset(path.join(__dirname, '..', '..', 'assets', 'lambda', props.bundle)),
      handler: 'index.handler',
      environment: defined(props.environment ?? {}),
      runtime: NODEJS_24,
      architecture: lambda.Architecture.ARM_64,
      // `npm run bench:rotation`: some 90 MB at the peak; the third of a second of CPU that the first step takes makes
      // a second here.
      memorySize: 512,
      // The longest work is to wait for the admin's own rotation, whose login is neither the old nor the new one for a
      // moment.
      timeout: Duration.seconds(60),
      role: this.role,
      logGroup,
      loggingFormat: lambda.LoggingFormat.JSON,
      vpc: props.vpc,
      vpcSubnets,
      ipv6AllowedForDualStack: ipv6 || undefined,
      securityGroups: [securityGroup],
    });
    useCurrentNodejs(this.function.node.defaultChild as lambda.CfnFunction);
    acknowledgeFunction(this.function);

    if (props.database) this.reach(props.database, 'Database');
    if (!endpoint) {
      // The way leads through a NAT gateway, an egress-only internet gateway, or an endpoint that only the VPC's owner
      // knows.
      for (const peer of [ec2.Peer.anyIpv4(), ...(ipv6 ? [ec2.Peer.anyIpv6()] : [])]) {
        securityGroup.addEgressRule(peer, ec2.Port.tcp(443), 'To Secrets Manager, wherever it is reached');
      }
      this.node.addValidation({ validate: () => routeTrouble(props.vpc, subnets, ipv6) });
    }
    this.prerequisites = [this, ...(endpoint?._admit(this, securityGroup, props.description) ?? [])];
  }

  /** Pairs function and database, by rules in the function's stack. */
  public reach(database: ec2.IConnectable & IConstruct, id = `Database${Names.nodeUniqueId(database.node)}`): void {
    const to = database.connections;
    const port =
      to.defaultPort ??
      fail(this, `the connections of 'database' (${database.node.path}) have no default port; give them one`);
    // EC2 refuses a rule that is there already, as for two databases in one group.
    const groups = to.securityGroups.map(group => group.securityGroupId);
    const rule = JSON.stringify([port.toRuleJson(), groups.length > 0 ? groups : database.node.path]);
    if (this.reachable.has(rule)) return;
    this.reachable.add(rule);
    allow(this, id, { from: this.securityGroup, to, port, description: this.props.description, ingress: true });
  }
}

function defined(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** Sets the current Node.js runtime, whatever this version of aws-cdk-lib takes for current. */
export function useCurrentNodejs(resource: lambda.CfnFunction): void {
  resource.runtime = NODEJS_24.name;
  // The L2 function names its role as a dependency, besides referring to it.
  acknowledgeLint(resource, REDUNDANT_DEPENDENCY);
}

/** Makes a resource wait for these; deletion takes the opposite order. */
export function after(resource: IConstruct, prerequisites: IDependable[]): void {
  const waiting = CfnResource.isCfnResource(resource) ? resource : (resource.node.defaultChild as CfnResource);
  waiting.node.addDependency(...prerequisites);
  // Whole parts are waited for, some of which the resource refers to as well.
  acknowledgeLint(waiting, REDUNDANT_DEPENDENCY);
}
