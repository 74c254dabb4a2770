import { CfnGuardValidator } from '@cdklabs/cdk-validator-cfnguard';
import { load } from './load';
import { findings } from './nag';

test.each(['retain', 'destroy'])(
  "cdk-nag's packs for HIPAA, NIST 800-53 and PCI DSS find nothing that is not acknowledged (%s)",
  removalPolicy => {
    const loaded = load('hardened', { removalPolicy });
    expect(
      findings(loaded, 'AwsSolutionsChecks', 'HIPAASecurityChecks', 'NIST80053R5Checks', 'PCIDSS321Checks'),
    ).toEqual([]);
  },
);

test("AWS Control Tower's rules for cfn-guard find nothing but what is as it is for a reason", () => {
  // These rules have no way to acknowledge a finding in a template.
  const intended = {
    cloudwatch_log_group_encrypted_check:
      'No credential is ever logged, and CloudWatch Logs encrypts with its own key.',
    lambda_inside_vpc_check:
      'The provider framework and the proof of the first rotation talk to AWS, not to the database, by ' +
      'public addresses.',
    rds_instance_enhanced_monitoring_enabled_check:
      'Performance Insights is on; figures of the operating system are a choice, with a role and logs of its own.',
    rds_instance_no_default_ports_check: 'Another port hides nothing.',
    rds_instance_default_admin_check:
      'The admin is postgres, and another name would replace the database; its password is in a secret ' +
      'that no application reads.',
  };
  const templatePaths = load('hardened')
    .app.synth()
    .stacks.map(stack => stack.templateFullPath);
  const { violations } = new CfnGuardValidator().validate({ templatePaths });
  expect(violations.map(({ ruleName }) => ruleName).sort()).toEqual(Object.keys(intended).sort());
});
