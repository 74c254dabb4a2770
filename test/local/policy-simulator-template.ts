import type { Template } from 'aws-cdk-lib/assertions';

/** Where a stack is deployed. */
export interface Place {
  readonly stack: string;
  readonly account: string;
  readonly region: string;
}

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

/** A template as it would be once deployed: what its functions say, with names as CloudFormation would give them. */
export class DeployedTemplate {
  readonly resources: Readonly<Record<string, Resource>>;
  private readonly resolved = new Map<string, readonly { readonly id: string; readonly properties: unknown }[]>();
  private readonly outputs: Readonly<
    Record<string, { readonly Value: unknown; readonly Export?: { readonly Name: unknown } }>
  >;

  constructor(
    template: Template,
    readonly place: Place,
    private readonly imported: (name: string) => string,
  ) {
    const { Resources, Outputs } = template.toJSON();
    this.resources = Resources;
    this.outputs = Outputs ?? {};
  }

  /** The properties of every resource of a type, with everything resolved. */
  all<Properties>(type: string): readonly { readonly id: string; readonly properties: Properties }[] {
    const known =
      this.resolved.get(type) ??
      Object.entries(this.resources)
        .filter(([, resource]) => resource.Type === type)
        .map(([id, resource]) => ({ id, properties: this.resolve(resource.Properties ?? {}) }));
    this.resolved.set(type, known);
    return known as { readonly id: string; readonly properties: Properties }[];
  }

  /** ARN of the only resource of a type, or the only one with these words in its logical id. */
  arn(type: string, part = ''): string {
    const found = Object.entries(this.resources).filter(
      ([id, resource]) => resource.Type === type && id.includes(part),
    );
    if (found.length !== 1) throw new Error(`${found.length} resources ${type} ${part}`);
    return this.arnOf(found[0][0]);
  }

  /** What the template exports under a name. */
  exported(name: string): string | undefined {
    const output = Object.values(this.outputs).find(({ Export }) => Export && this.resolve(Export.Name) === name);
    return output && String(this.resolve(output.Value));
  }

  resolve(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(item => this.resolve(item));
    if (typeof value !== 'object' || value === null) return value;
    const [[name, inner] = ['', undefined], ...others] = Object.entries(value);
    if (others.length === 0 && name === 'Ref') return this.ref(inner);
    if (others.length === 0 && name.startsWith('Fn::')) return this.call(name, inner);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.resolve(item)]));
  }

  private call(name: string, argument: unknown): unknown {
    if (name === 'Fn::GetAtt') return this.attribute(argument as [string, string]);
    const resolved = this.resolve(argument);
    if (name === 'Fn::ImportValue') return this.imported(String(resolved));
    if (name === 'Fn::Join') return (resolved as [string, string[]])[1].join((resolved as [string, string[]])[0]);
    if (name === 'Fn::Split') return (resolved as [string, string])[1].split((resolved as [string, string])[0]);
    if (name === 'Fn::Select') return (resolved as [number, string[]])[1][(resolved as [number, string[]])[0]];
    if (name === 'Fn::Base64') return Buffer.from(String(resolved)).toString('base64');
    if (name === 'Fn::GetAZs') return ['a', 'b', 'c'].map(zone => this.place.region + zone);
    throw new Error(`${name} is not simulated`);
  }

  private ref(id: string): string | undefined {
    const { account, region, stack } = this.place;
    const pseudo: Record<string, string> = {
      'AWS::AccountId': account,
      'AWS::Region': region,
      'AWS::Partition': 'aws',
      'AWS::StackName': stack,
      'AWS::URLSuffix': 'amazonaws.com',
    };
    if (id in pseudo) return pseudo[id];
    const type = this.resources[id]?.Type;
    if (
      type === 'AWS::SecretsManager::Secret' ||
      type === 'AWS::SecretsManager::SecretTargetAttachment' ||
      type === 'AWS::SNS::Topic'
    ) {
      return this.arnOf(id);
    }
    return type ? this.nameOf(id) : `parameter-${id}`;
  }

  private attribute([id, attribute]: [string, string]): string {
    return attribute === 'Arn' ? this.arnOf(id) : `${attribute} of ${this.nameOf(id)}`;
  }

  /** ARN of a resource by its logical id. */
  arnOf(id: string): string {
    const { Type, Properties = {} } = this.resources[id];
    const { account, region } = this.place;
    const name = this.nameOf(id);
    switch (Type) {
      case 'AWS::IAM::Role':
        return `arn:aws:iam::${account}:role/${name}`;
      case 'AWS::KMS::Key':
        return `arn:aws:kms:${region}:${account}:key/${name}`;
      case 'AWS::Lambda::Function':
        return `arn:aws:lambda:${region}:${account}:function:${name}`;
      case 'AWS::Logs::LogGroup':
        return `arn:aws:logs:${region}:${account}:log-group:${name}:*`;
      case 'AWS::SNS::Topic':
        return `arn:aws:sns:${region}:${account}:${name}`;
      // What Secrets Manager appends is random; here it is the same each time.
      case 'AWS::SecretsManager::Secret':
        return `arn:aws:secretsmanager:${region}:${account}:secret:${name}-Ab3dEf`;
      case 'AWS::SecretsManager::SecretTargetAttachment':
        return String(this.resolve(Properties.SecretId));
      default:
        return `arn:aws:unknown:${region}:${account}:${name}`;
    }
  }

  private nameOf(id: string): string {
    const { Type, Properties = {} } = this.resources[id];
    const given = Properties.Name ?? Properties.RoleName ?? Properties.FunctionName ?? Properties.LogGroupName;
    if (Type === 'AWS::EC2::VPCEndpoint') return `vpce-${id}`;
    return given === undefined ? `${this.place.stack}-${id}` : String(this.resolve(given));
  }
}
