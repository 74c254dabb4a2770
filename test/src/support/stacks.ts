import { App, CfnResource, Stack, type StackProps } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { IConstruct } from 'constructs';
import { RotatingPostgres, type RotatingPostgresProps } from '../../../src';

/** A resource as it stands in a template. */
export interface TemplateResource {
  readonly Type: string;
  readonly DependsOn?: string | string[];
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly Properties: Record<string, unknown>;
}

/** A VPC without any way out, as in the quickstart. */
export function isolatedVpc(stack: Stack): ec2.Vpc {
  return new ec2.Vpc(stack, 'Vpc', {
    maxAzs: 2,
    natGateways: 0,
    subnetConfiguration: [{ name: 'Isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }],
  });
}

/** A stack with one `RotatingPostgres` in an isolated VPC, and its template. */
export function deployed(props: Partial<RotatingPostgresProps> = {}, stackProps: StackProps = {}) {
  const stack = new Stack(new App(), 'Stack', stackProps);
  const vpc = isolatedVpc(stack);
  const db = new RotatingPostgres(stack, 'Orders', { vpc, ...props });
  return { stack, vpc, db, template: Template.fromStack(stack) };
}

export function logicalId(construct: IConstruct): string {
  const resource = CfnResource.isCfnResource(construct) ? construct : (construct.node.defaultChild as CfnResource);
  return Stack.of(construct).resolve(resource.logicalId);
}

export function resourcesOf(template: Template): Record<string, TemplateResource> {
  return template.toJSON().Resources;
}

/** The only resource of a type, or the only one with these words in its logical id. */
export function only(template: Template, type: string, idPart = ''): [string, TemplateResource] {
  const found = Object.entries(resourcesOf(template)).filter(
    ([id, resource]) => resource.Type === type && id.includes(idPart),
  );
  if (found.length !== 1) throw new Error(`${found.length} resources ${type} ${idPart}`);
  return found[0];
}
