/**
 * The report's style sheet: light and dark, and the two colours told apart by people who cannot tell red from green.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #fbfbfa; --text: #22262b; --soft: #666d76; --line: #d9dce0;
  --good: #4f86b5; --failed: #d4552b; --band: rgba(60, 70, 90, .10);
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #16191d; --text: #e4e7ea; --soft: #98a0aa; --line: #343a42;
    --good: #5b93c4; --failed: #f0784b; --band: rgba(200, 215, 240, .12);
  }
}
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 1000px; margin: 0 auto; padding: 40px 20px 60px; }
h1 { font-size: 1.7rem; margin: 0 0 .3em; }
h2 { font-size: 1.25rem; margin: 2.4em 0 .3em; }
p, ul { max-width: 46em; }
li { margin: .3em 0; }
.verdict { font-size: 1.15rem; margin: 0 0 1.2em; }
.verdict strong { font-size: 1.5em; }
.fault { border-left: 4px solid var(--failed); padding-left: .8em; }
.key { color: var(--soft); font-size: .9rem; max-width: none; }
.key span { display: inline-block; width: .8em; height: .8em; margin: 0 .4em 0 1.2em; }
.key span:first-child { margin-left: 0; }
.key .good { background: var(--good); } .key .failed { background: var(--failed); }
.key .rotation { background: var(--band); width: 1.6em; height: 1em; vertical-align: -.1em; }
figure { margin: 1.4em 0 0; }
figcaption { display: flex; flex-wrap: wrap; gap: .2em .8em; align-items: baseline; }
figcaption { color: var(--soft); font-size: .9rem; }
figcaption strong { color: var(--text); font-size: 1rem; }
figcaption span { margin-left: auto; font-weight: 600; }
figcaption .bad { color: var(--failed); } figcaption .fine { color: var(--good); }
svg { display: block; width: 100%; min-width: 720px; height: auto; }
svg text { font-size: 11px; fill: var(--soft); text-anchor: middle; }
svg .scale { text-anchor: end; }
svg .good { fill: var(--good); } svg .failed { fill: var(--failed); }
svg .rotation rect { fill: var(--band); } svg .broken rect { stroke: var(--failed); }
svg .asked { stroke: var(--soft); stroke-dasharray: 2 4; } svg .ground { stroke: var(--soft); }
.scroll { overflow-x: auto; }
table { margin-top: 1.4em; border-collapse: collapse; width: 100%; }
table { font-size: .85rem; font-variant-numeric: tabular-nums; }
th, td { padding: .45em .6em; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, .why, thead th:last-child { text-align: left; } .why { white-space: normal; min-width: 14em; }
thead th { color: var(--soft); font-weight: 500; } tbody th { font-weight: 600; }
dl { display: flex; flex-wrap: wrap; gap: .6em 2em; font-size: .85rem; }
dl { margin: 2em 0 0; padding-top: 1em; border-top: 1px solid var(--line); }
dt { color: var(--soft); } dd { margin: 0; }
`;
