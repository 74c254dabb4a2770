import { Annotations, Duration, RemovalPolicy, Stack, StackProps } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { RotatingPostgres, RotationSchedule, SecretsManagerEndpoint, ServiceTrust } from '../../src';
import { accept, companyVpc, compliance } from '../company';

export interface HardenedStackProps extends StackProps {
  /** `DESTROY` lets the database go with the stack; by default it stays. */
  readonly removalPolicy?: RemovalPolicy;
}

/** Every limit that there is by choice, for data under HIPAA, NIST 800-53 or PCI DSS. */
export class HardenedStack extends Stack {
  constructor(scope: Construct, id: string, { removalPolicy, ...props }: HardenedStackProps = {}) {
    super(scope, id, props);
    const vpc = companyVpc(this, removalPolicy, { availabilityZones: ['a', 'b'].map(zone => `${this.region}${zone}`) });

    // Nothing but these secrets, for nobody but these functions and services.
    const secretsManagerEndpoint = SecretsManagerEndpoint.forVpc(vpc, {
      onlyBoundSecrets: true,
      onlyAdmittedGroups: true,
    });
    for (const limit of ['only-bound-secrets', 'only-admitted-groups']) {
      Annotations.of(vpc).acknowledgeWarning(
        `cdk-rotating-postgres:endpoint-${limit}`,
        'Nobody else in this VPC calls Secrets Manager.',
      );
    }

    const incident = new iam.Role(this, 'Incident', {
      assumedBy: new iam.AccountPrincipal(this.account),
      maxSessionDuration: Duration.hours(1),
    });
    const db = new RotatingPostgres(this, 'Payments', {
      vpc,
      secretsManagerEndpoint,
      naming: { environment: 'production', application: 'payments' },
      schedule: { when: RotationSchedule.cron({ weekDay: 'SUN', hour: '3', window: Duration.hours(2) }) },
      rotation: { retireAfter: Duration.hours(1), terminateSessions: true, passwords: { length: 64 } },
      guard: { breakGlassRoles: [incident] },
      removalPolicy,
    });
    db.user.guard.denyReadsOutsideEndpoint();
    db.grantRevoke(incident);

    const service = new iam.Role(this, 'PaymentsService', { assumedBy: ServiceTrust.ecsTasks(this) });
    db.grantRead(service, { stages: ['AWSCURRENT', 'AWSPENDING'] });

    for (const role of [service, incident]) {
      accept(
        role.node.findChild('DefaultPolicy'),
        'A grant of CDK belongs to the role that it is made to.',
        ...compliance('IAMNoInlinePolicy'),
      );
    }
  }
}
