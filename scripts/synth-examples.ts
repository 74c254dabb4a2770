/** `npm run synth:examples`: synthesises every example, each into its own `cdk.out`, and ends with their number. */
import { examples, synthesise, templates } from './examples';

const all = examples();
const failing = all.filter(name => {
  const assembly = synthesise(name);
  return !assembly || templates(assembly).length === 0;
});
for (const name of failing) console.error(`examples/${name} cannot be synthesised`);
console.log(`${all.length - failing.length} of ${all.length} examples synthesised`);
process.exitCode = failing.length === 0 && all.length > 0 ? 0 : 1;
