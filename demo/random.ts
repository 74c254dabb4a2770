/** Random numbers that a seed repeats: the multiplier and modulus are Park and Miller's "minimal standard". */
export function seededRandom(seed: number): (low: number, high: number) => number {
  let state = (seed % 2147483646) + 1;
  return (low, high) => {
    state = (state * 48271) % 2147483647;
    return low + ((high - low) * state) / 2147483647;
  };
}
