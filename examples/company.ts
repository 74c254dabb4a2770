/** What every example has beside the library: a network, and reasons for the judges of the templates. */
import { CfnResource, RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct, IConstruct } from 'constructs';

/** A VPC with flow logs: by default of isolated subnets, without any way out. */
export function companyVpc(scope: Construct, removalPolicy?: RemovalPolicy, props: ec2.VpcProps = {}): ec2.Vpc {
  const vpc = new ec2.Vpc(scope, 'Vpc', {
    ...(props.availabilityZones ? {} : { maxAzs: 2 }),
    natGateways: 0,
    subnetConfiguration: [{ name: 'Isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }],
    ...props,
  });
  for (const subnet of props.availabilityZones
    ? [...vpc.isolatedSubnets, ...vpc.privateSubnets, ...vpc.publicSubnets]
    : []) {
    // cfn-lint: the zones are named because to look them up takes the account.
    (subnet.node.defaultChild as ec2.CfnSubnet).addMetadata('cfn-lint', { config: { ignore_checks: ['W3010'] } });
  }
  const logGroup = new logs.LogGroup(scope, 'VpcLogs', { removalPolicy });
  const flowLog = vpc.addFlowLog('Rejected', {
    trafficType: ec2.FlowLogTrafficType.REJECT,
    destination: ec2.FlowLogDestination.toCloudWatchLogs(logGroup),
  });
  accept(
    logGroup,
    'Addresses and ports, no content; CloudWatch Logs encrypts them with its own key.',
    'CKV_AWS_158',
    ...compliance('CloudWatchLogGroupEncrypted'),
  );
  accept(
    flowLog.node.findChild('IAMRole').node.findChild('DefaultPolicy'),
    'CDK makes it for this one role.',
    ...compliance('IAMNoInlinePolicy'),
  );
  accept(
    vpc,
    'Nothing is in the default group; a rule of AWS Config closes it for the whole account.',
    ...compliance('VPCDefaultSecurityGroupClosed'),
  );
  return vpc;
}

/** A rule of cdk-nag in its packs for HIPAA, NIST 800-53 R5 and PCI DSS. */
export function compliance(rule: string): string[] {
  return ['HIPAA.Security', 'NIST.800.53.R5', 'PCI.DSS.321'].map(pack => `${pack}-${rule}`);
}

/**
 * Says why findings of checkov, cdk-nag 2 and cdk-nag 3 are no mistake; one of several as cdk-nag prints it,
 * `AwsSolutions-IAM4[Policy::…]`.
 */
export function accept(construct: IConstruct, reason: string, ...rules: string[]): void {
  const resource = CfnResource.isCfnResource(construct) ? construct : (construct.node.defaultChild as CfnResource);
  const [checkov, nag] = [
    rules.filter(rule => rule.startsWith('CKV_')),
    rules.filter(rule => !rule.startsWith('CKV_')),
  ];
  if (checkov.length > 0) {
    resource.addMetadata('checkov', {
      skip: [...(resource.getMetadata('checkov')?.skip ?? []), ...checkov.map(id => ({ id, comment: reason }))],
    });
  }
  if (nag.length > 0) {
    const earlier: object[] = resource.getMetadata('cdk_nag')?.rules_to_suppress ?? [];
    resource.addMetadata('cdk_nag', { rules_to_suppress: [...earlier, ...nag.map(rule => suppression(rule, reason))] });
    resource.node.addMetadata(
      'aws:cdk:acknowledged-rules',
      Object.fromEntries(nag.map(rule => [`Annotation::${rule}`, reason])),
    );
  }
}

function suppression(rule: string, reason: string): object {
  const [, id, finding] = /^([^[]+)(?:\[(.*)\])?$/.exec(rule)!;
  return { id, reason, ...(finding && { applies_to: [finding] }) };
}
