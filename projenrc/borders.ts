import { javascript } from 'projen';

/** Names that all three run times share. */
const CONTRACT = './src/contract.ts';

interface Zone {
  readonly target: string;
  readonly from: string;
  readonly except: string[];
  readonly message: string;
}

function only(target: string, except: string[]): Zone {
  const message = 'crosses the border between the run times (docs/architecture.md)';
  return { target, from: './', except: [...except, './node_modules'], message };
}

/** Which folder may import what: src/ at deploy time, lambda/ in AWS Lambda, client/ in the consumer's service. */
const ZONES: Zone[] = [
  only('./src', ['./src']),
  only('./lambda', ['./lambda', './client/src/shared', CONTRACT]),
  only('./client/src', ['./client/src', CONTRACT]),
  {
    target: './src/private',
    from: './src',
    except: ['./private', './contract.ts'],
    message: 'src/private/ is the ground floor: it imports no part (docs/architecture.md)',
  },
  {
    target: './client/src/shared',
    from: './client/src',
    except: ['./shared'],
    message: 'client/src/shared/ is what lambda/ imports too: it imports no part of the client (docs/architecture.md)',
  },
];

/** Lint rules for imports between folders, and for the packages of another run time. */
export function guardBorders(eslint: javascript.Eslint): void {
  eslint.addRules({ 'import/no-restricted-paths': ['error', { basePath: '.', zones: ZONES }] });
  const forbid = (files: string[], group: string[]) => {
    const patterns = [{ group, message: 'belongs to another run time (docs/architecture.md)' }];
    eslint.addOverride({ files, rules: { 'no-restricted-imports': ['error', { patterns }] } });
  };
  forbid(['src/**'], ['pg', '@aws-sdk/*']);
  forbid(['lambda/**', 'client/**'], ['aws-cdk-lib', 'aws-cdk-lib/*', 'constructs']);
  for (const folder of ['lambda', 'client']) eslint.allowDevDeps(`${folder}/**`);
}
