import { type Rig, startRig } from '../support/rig';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.stop());

test.each(['single', 'alternating'] as const)(
  'a verifier has the iterations of the session that sets it, as the server reports them (%s)',
  async strategy => {
    const [{ version }] = await rig.inspect("SELECT current_setting('server_version_num')::int AS version");
    const secret = await rig.createUser(`iterated_${strategy}`, { strategy, privileges: 'connect' });
    const setting = Number(version) >= 160_000 ? 6_000 : 4_096; // before 16 there is no such setting
    const setter = strategy === 'single' ? rig.name(`iterated_${strategy}`) : rig.admin.username;
    if (setting !== 4_096) await rig.inspect(`ALTER ROLE "${setter}" SET scram_iterations = ${setting}`);
    expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
    const { username } = await rig.read(secret);
    const [{ rolpassword }] = await rig.inspect('SELECT rolpassword FROM pg_authid WHERE rolname = $1', [username]);
    expect(rolpassword).toMatch(new RegExp(`^SCRAM-SHA-256\\$${setting}:`));
  },
);
