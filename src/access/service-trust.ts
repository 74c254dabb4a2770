import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { IConstruct } from 'constructs';

/**
 * Limits the pods that may assume a role. Each limit is a condition on a session tag; `disableSessionTags` of a Pod
 * Identity association removes the tags, and the limited role can then not be assumed.
 */
export interface PodIdentityOptions {
  /**
   * ARN of the EKS cluster.
   * @default - every cluster of the account
   */
  readonly clusterArn?: string;
  /**
   * Kubernetes namespace of the pods.
   * @default - every namespace
   */
  readonly namespace?: string;
  /**
   * Kubernetes service account of the pods.
   * @default - every service account that an association maps to the role
   */
  readonly serviceAccount?: string;
}

/**
 * Trust policies for roles of consumers: `new iam.Role(this, 'Role', { assumedBy: ServiceTrust.ecsTasks(this) })`.
 *
 * Each has exactly the conditions that AWS documents for the service: a condition on a key that the service does not
 * send would deny every request. `aws:SourceAccount` and `aws:SourceArn` prevent the service from assuming the role for
 * another customer's resource (confused deputy).
 */
export class ServiceTrust {
  /**
   * AWS Lambda. No conditions: AWS documents no source account or source ARN for execution roles. A function can only
   * have a role of its own account, and only a principal with `iam:PassRole` can assign it.
   */
  public static lambda(): iam.IPrincipal {
    return new iam.ServicePrincipal('lambda.amazonaws.com');
  }

  /**
   * Amazon EC2, through an instance profile. No conditions: AWS documents no source account or source ARN. An instance
   * can only have a role of its own account, and only a principal with `iam:PassRole` can assign it.
   */
  public static ec2(): iam.IPrincipal {
    return new iam.ServicePrincipal('ec2.amazonaws.com');
  }

  /**
   * Amazon ECS tasks of this account and Region, for task roles and task execution roles. AWS documents that the
   * condition cannot name a single cluster.
   *
   * @param scope any construct of the stack whose account and Region apply
   */
  public static ecsTasks(scope: IConstruct): iam.IPrincipal {
    const { partition, region, account } = Stack.of(scope);
    return new iam.ServicePrincipal('ecs-tasks.amazonaws.com').withConditions({
      StringEquals: { 'aws:SourceAccount': account },
      ArnLike: { 'aws:SourceArn': `arn:${partition}:ecs:${region}:${account}:*` },
    });
  }

  /**
   * Amazon EKS pods, through EKS Pod Identity, which tags the session. AWS documents no source account or source ARN.
   * It documents session tags, which can limit the role to a cluster, a namespace and a service account.
   */
  public static eksPods(options: PodIdentityOptions = {}): iam.IPrincipal {
    const tags = Object.entries({
      'eks-cluster-arn': options.clusterArn,
      'kubernetes-namespace': options.namespace,
      'kubernetes-service-account': options.serviceAccount,
    }).flatMap(([tag, value]) => (value === undefined ? [] : [[`aws:RequestTag/${tag}`, value]]));
    const pods = new iam.ServicePrincipal('pods.eks.amazonaws.com');
    return new iam.SessionTagsPrincipal(
      tags.length > 0 ? pods.withConditions({ StringEquals: Object.fromEntries(tags) }) : pods,
    );
  }
}
