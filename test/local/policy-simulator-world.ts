import type { Template } from 'aws-cdk-lib/assertions';
import { accountOf, type Decision, decide, isService, type Principal, type Statement } from './policy-simulator';
import type { RequestContext } from './policy-simulator-conditions';
import { DeployedTemplate, type Place } from './policy-simulator-template';

interface SecretPolicy {
  readonly SecretId: string;
  readonly ResourcePolicy: { readonly Statement: readonly Statement[] };
}
interface Document {
  readonly PolicyDocument: { readonly Statement: readonly Statement[] };
}
interface Role {
  readonly Policies?: readonly Document[];
  readonly ManagedPolicyArns?: readonly string[];
}
interface Secret {
  readonly KmsKeyId?: string;
  readonly ReplicaRegions?: readonly { readonly Region: string; readonly KmsKeyId?: string }[];
  readonly Tags?: readonly { readonly Key: string; readonly Value: string }[];
}

/** A call of Secrets Manager, and by which way it comes. */
export interface Call {
  readonly by: Principal;
  readonly action: string;
  /** ARN of the secret, or of its replica. */
  readonly secret: string;
  /** Id of the VPC endpoint. */
  readonly endpoint?: string;
  /** What else the request says of itself. */
  readonly context?: RequestContext;
}

/** What Secrets Manager asks of the secret's key in the caller's name. */
const KEY_ACTIONS: Readonly<Record<string, readonly string[]>> = {
  GetSecretValue: ['kms:Decrypt'],
  PutSecretValue: ['kms:GenerateDataKey', 'kms:Decrypt'],
  UpdateSecret: ['kms:GenerateDataKey', 'kms:Decrypt'],
};

/** Accounts with what is deployed in them, as far as it decides who may do what. */
export class PolicyWorld {
  private readonly deployed: DeployedTemplate[] = [];
  private readonly people = new Map<Principal, readonly Statement[]>();

  constructor(private readonly organization?: string) {}

  deploy(template: Template, place: Place): DeployedTemplate {
    const made = new DeployedTemplate(template, place, name => this.imported(name));
    this.deployed.push(made);
    return made;
  }

  /** A role or user that no template makes; by default one that may do anything, as far as its own policies go. */
  person(arn: Principal, ...statements: Statement[]): Principal {
    this.people.set(arn, statements.length > 0 ? statements : [{ Effect: 'Allow', Action: '*', Resource: '*' }]);
    return arn;
  }

  /** A call, with what Secrets Manager then does with the key. */
  call({ by, action, secret, endpoint, context }: Call): Decision {
    const asked = this.decide(
      by,
      `secretsmanager:${action}`,
      secret,
      { 'aws:SourceVpce': endpoint, ...context },
      endpoint,
    );
    const key = this.keyOf(secret);
    if (!asked.allowed || !key) return asked;
    const refusals = (KEY_ACTIONS[action] ?? [])
      .map(keyAction =>
        this.decide(by, keyAction, key, {
          ...context,
          'kms:ViaService': `secretsmanager.${secret.split(':')[3]}.amazonaws.com`,
          'kms:CallerAccount': accountOf(by),
          'kms:EncryptionContext:SecretARN': secret,
          'aws:ViaAWSService': 'true',
          'aws:CalledVia': [...[context?.['aws:CalledVia'] ?? []].flat(), 'secretsmanager.amazonaws.com'],
        }),
      )
      .filter(({ allowed }) => !allowed);
    return refusals[0] ? { allowed: false, because: `key: ${refusals[0].because}` } : asked;
  }

  /** Whether one permission is given. */
  decide(
    principal: Principal,
    action: string,
    resource: string,
    context: RequestContext = {},
    endpoint?: string,
  ): Decision {
    return decide(
      {
        principal,
        action,
        resource,
        context: {
          'aws:PrincipalIsAWSService': String(isService(principal)),
          'aws:ViaAWSService': 'false',
          ...(isService(principal)
            ? {}
            : {
                'aws:PrincipalArn': principal,
                'aws:PrincipalAccount': accountOf(principal),
                'aws:PrincipalOrgID': this.organization,
              }),
          'aws:ResourceAccount': accountOf(resource),
          ...this.tagsOf(resource),
          ...context,
        },
      },
      {
        identity: this.identityOf(principal),
        resource: this.policyOf(resource),
        endpoint: endpoint === undefined ? undefined : this.endpointPolicy(endpoint),
      },
    );
  }

  private identityOf(principal: Principal): readonly Statement[] {
    const known = this.people.get(principal);
    if (known || isService(principal) || principal.endsWith(':root')) return known ?? [];
    const own = this.deployed.flatMap(template =>
      template
        .all<Role>('AWS::IAM::Role')
        .filter(({ id }) => template.arnOf(id) === principal)
        .map(({ properties }) => properties),
    );
    if (own.length !== 1) throw new Error(`${own.length} roles are ${principal}`);
    if (own[0].ManagedPolicyArns?.length) {
      throw new Error(`managed policies are not simulated: ${own[0].ManagedPolicyArns}`);
    }
    const attached = this.deployed.flatMap(template =>
      template
        .all<Document & { readonly Roles: readonly string[] }>('AWS::IAM::Policy')
        .filter(
          ({ properties: { Roles } }) =>
            accountOf(principal) === template.place.account && Roles.includes(principal.split('/').at(-1)!),
        )
        .map(({ properties }) => properties),
    );
    return [...(own[0].Policies ?? []), ...attached].flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
  }

  private policyOf(resource: string): readonly Statement[] {
    return this.deployed.flatMap(template => [
      ...template
        .all<SecretPolicy>('AWS::SecretsManager::ResourcePolicy')
        .filter(({ properties }) => this.copies(properties.SecretId).includes(resource))
        .flatMap(({ properties }) => properties.ResourcePolicy.Statement),
      ...template
        .all<{ readonly KeyPolicy: { readonly Statement: readonly Statement[] } }>('AWS::KMS::Key')
        .filter(({ id }) => template.arnOf(id) === resource)
        .flatMap(({ properties: { KeyPolicy } }) => KeyPolicy.Statement),
    ]);
  }

  /** A secret and its replicas, which have the same policy. */
  private copies(secret: string): string[] {
    return [
      secret,
      ...[this.secretOf(secret)?.ReplicaRegions ?? []].flat().map(({ Region }) => inRegion(secret, Region)),
    ];
  }

  private keyOf(secret: string): string | undefined {
    const primary = this.secrets().find(({ arn }) => this.copies(arn).includes(secret));
    if (primary?.arn === secret) return primary.properties.KmsKeyId;
    return primary?.properties.ReplicaRegions?.find(({ Region }) => inRegion(primary.arn, Region) === secret)?.KmsKeyId;
  }

  private tagsOf(secret: string): RequestContext {
    const tags = this.secrets().find(({ arn }) => this.copies(arn).includes(secret))?.properties.Tags ?? [];
    return Object.fromEntries(tags.map(({ Key, Value }) => [`aws:ResourceTag/${Key}`, Value]));
  }

  private secretOf(arn: string): Secret | undefined {
    return this.secrets().find(secret => secret.arn === arn)?.properties;
  }

  private secrets(): { readonly arn: string; readonly properties: Secret }[] {
    return this.deployed.flatMap(template =>
      template
        .all<Secret>('AWS::SecretsManager::Secret')
        .map(({ id, properties }) => ({ arn: template.arnOf(id), properties })),
    );
  }

  /** Without a policy of its own an endpoint lets everything through. */
  private endpointPolicy(id: string): readonly Statement[] {
    const found = this.deployed
      .flatMap(template => template.all<Partial<Document>>('AWS::EC2::VPCEndpoint'))
      .find(endpoint => `vpce-${endpoint.id}` === id);
    return (
      found?.properties.PolicyDocument?.Statement ?? [{ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' }]
    );
  }

  private imported(name: string): string {
    const found = this.deployed.map(template => template.exported(name)).find(value => value !== undefined);
    if (found === undefined) throw new Error(`nothing deployed exports ${name}`);
    return found;
  }
}

function inRegion(arn: string, region: string): string {
  return arn
    .split(':')
    .map((part, index) => (index === 3 ? region : part))
    .join(':');
}
