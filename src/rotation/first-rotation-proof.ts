import { CustomResource, Duration, Lazy, Names, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, IConstruct } from 'constructs';
import { RotationFunction } from './rotation-function';
import { FirstRotationProperties } from '../contract';
import { bundledFunction } from '../function/bundled-function';
import { functionLogGroup, functionRole } from '../function/function-role';
import { acknowledgeOutside, ProviderFramework } from '../function/provider-framework';
import { SecretAccessPolicy } from '../function/secret-access-policy';
import { after } from '../private/after';
import { SecretUse } from '../private/secret-access';

const ID = 'RotatingPostgresFirstRotation';
/** No access to the value or the key: DescribeSecret shows whether a rotation has succeeded. */
const DESCRIBE: SecretUse = { actions: ['secretsmanager:DescribeSecret'], keyActions: [] };

interface Proof {
  readonly resource: CustomResource;
  readonly secrets: secretsmanager.ISecret[];
}

/**
 * Makes a deployment fail if the first rotation of a secret does not succeed. There is one per stack, with one custom
 * resource for each rotation function, which lists the secrets. Its function is outside the VPC, so that it can report
 * a rotation function without network access.
 */
export class FirstRotationProof extends Construct {
  /** The proof of the construct's stack. */
  public static of(scope: IConstruct): FirstRotationProof {
    const stack = Stack.of(scope);
    return (stack.node.tryFindChild(ID) as FirstRotationProof | undefined) ?? new FirstRotationProof(stack);
  }

  private readonly access: SecretAccessPolicy;
  private readonly framework: ProviderFramework;
  private readonly proofs = new Map<RotationFunction, Proof>();

  private constructor(stack: Stack) {
    super(stack, ID);
    const logGroup = functionLogGroup(this);
    const role = functionRole(this, logGroup, []);
    const prover = bundledFunction(this, 'Prover', {
      bundle: 'first-rotation',
      description: 'Proof of the first rotation of PostgreSQL credentials',
      memorySize: 256,
      timeout: Duration.minutes(15),
      role,
      logGroup,
    });
    acknowledgeOutside(prover);
    this.access = SecretAccessPolicy.of(this, role);
    this.framework = new ProviderFramework(this, 'Framework', prover);
  }

  /** Makes the deployment wait until this schedule has rotated the secret. */
  public expect(secret: secretsmanager.ISecret, rotationFunction: RotationFunction, schedule: IConstruct): void {
    const proof = this.proofs.get(rotationFunction) ?? this.proofFor(rotationFunction);
    this.proofs.set(rotationFunction, proof);
    proof.secrets.push(secret);
    this.access.allow(secret, DESCRIBE);
    after(proof.resource, [schedule]);
  }

  private proofFor(rotationFunction: RotationFunction): Proof {
    const secrets: secretsmanager.ISecret[] = [];
    const logGroup = rotationFunction.function.logGroup;
    const timeout = rotationFunction._firstRotationTimeout;
    // FilterLogEvents on this log group, to read the error of a failed rotation.
    this.access.add(new iam.PolicyStatement({ actions: ['logs:FilterLogEvents'], resources: [logGroup.logGroupArn] }));
    const properties: Record<keyof FirstRotationProperties, unknown> = {
      secretArns: Lazy.list({ produce: () => secrets.map(secret => secret.secretArn) }),
      logGroup: logGroup.logGroupName,
      timeoutSeconds: timeout.toSeconds(),
    };
    const resource = new CustomResource(this, Names.nodeUniqueId(rotationFunction.node), {
      resourceType: 'Custom::RotatingPostgresFirstRotation',
      serviceToken: this.framework.serviceToken,
      serviceTimeout: timeout.plus(Duration.minutes(2)), // two minutes to report a failure
      properties,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    after(resource, [this.access, this.framework]);
    return { resource, secrets };
  }
}
