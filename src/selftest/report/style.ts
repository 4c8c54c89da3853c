/** The page's style sheet: calm, light or dark as the reader has it, one column on a phone, ink-saving on paper. */
import { Markup } from './markup.js';

export const STYLE = new Markup(`
:root{color-scheme:light dark;--paper:#fcfcfb;--card:#fff;--ink:#23282e;--soft:#66707b;--rule:#e3e6e9;--band:#8795a5;
--pass:#2c7a4b;--fail:#b3362b;--short:#96690f;--running:#3a6ea5;
--c0:#2f6ea5;--c1:#c4622d;--c2:#3f8a5f;--c3:#8a5fa6;--c4:#a8872a;--c5:#b4506f;--c6:#3d8f95;--c7:#737c86}
@media (prefers-color-scheme:dark){:root{--paper:#15181c;--card:#1b1f24;--ink:#dde2e7;--soft:#939ea9;--rule:#2c3238;--band:#8fa0b3;
--pass:#5bbd83;--fail:#f0796c;--short:#d9a945;--running:#79aee0;
--c0:#6aa9e0;--c1:#ea945f;--c2:#6fc393;--c3:#bd95d8;--c4:#d6b85c;--c5:#e388a5;--c6:#6cc4ca;--c7:#a3adb8}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.5rem clamp(.75rem,3vw,2rem) 3rem;max-width:82rem;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;overflow-wrap:break-word}
dd,.command,li{overflow-wrap:anywhere}
header{display:grid;grid-template-columns:auto 1fr;column-gap:1rem;align-items:center}
.verdict{grid-row:span 2;margin:0;padding:.55rem 1rem;border-radius:.5rem;color:var(--paper);font-weight:700;font-size:1.4rem;letter-spacing:.04em}
.verdict.pass{background:var(--pass)}.verdict.fail{background:var(--fail)}.verdict.running{background:var(--running)}
h1{margin:0;font-size:1.5rem;line-height:1.2}
.command{margin:0;color:var(--soft)}
code{font:.85em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
h2{margin:2.2rem 0 .6rem;font-size:1.15rem;line-height:1.3}
h3{margin:0;font-size:.9rem;font-weight:600}
small{font-size:.8em;font-weight:400;color:var(--soft)}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr));gap:.5rem 2rem;margin:1.4rem 0 0}
dt{font-size:.75rem;color:var(--soft)}dd{margin:0}
section{overflow-x:auto}
table{width:100%;border-collapse:collapse}
th,td{padding:.3rem 1rem .3rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule)}
thead th{font-size:.75rem;font-weight:400;color:var(--soft);white-space:nowrap}
tbody th{min-width:15em;font:600 .85em/1.75 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.badge{white-space:nowrap;font-size:.75rem;font-weight:700;letter-spacing:.04em}
.badge.pass{color:var(--pass)}.badge.fail{color:var(--fail)}.badge.short{color:var(--short)}
tr.fail{background:color-mix(in srgb,var(--fail) 8%,transparent)}
tr>:first-child{padding-left:.5rem}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,21rem),1fr));gap:1rem}
figure{margin:0;padding:.7rem .8rem .6rem;background:var(--card);border:1px solid var(--rule);border-radius:.5rem;break-inside:avoid}
figcaption{display:flex;flex-wrap:wrap;justify-content:space-between;align-items:baseline;gap:0 .8rem}
.slope{margin:0;font-size:.75rem;color:var(--soft);font-variant-numeric:tabular-nums}
svg{display:block;width:100%;height:auto;overflow:hidden}
.shared{height:0}.strip{min-width:44rem}
.grid{stroke:var(--rule);stroke-width:1}
.tick,.phase{font-size:10px;fill:var(--soft);font-variant-numeric:tabular-nums}
.tick.y{text-anchor:end}.tick.x,.phase{text-anchor:middle}
.band{fill:var(--band);opacity:.13}.band.run{fill:var(--pass);opacity:.16}
.mark path{stroke:var(--short);stroke-width:1;opacity:.45}.mark .reach{stroke-width:7;opacity:0}.mark:hover path{opacity:1}.mark:hover .reach{opacity:.2}
.line{fill:none;stroke-width:1.4;stroke-linejoin:round;stroke-linecap:round}
circle.line{stroke-width:2}
.dashed{stroke-dasharray:4 3}
.trend{fill:none;stroke:var(--ink);stroke-width:1;opacity:.55}.wedge{fill:var(--ink);opacity:.1}
.c0{--c:var(--c0)}.c1{--c:var(--c1)}.c2{--c:var(--c2)}.c3{--c:var(--c3)}.c4{--c:var(--c4)}.c5{--c:var(--c5)}.c6{--c:var(--c6)}.c7{--c:var(--c7)}
.line{stroke:var(--c)}
.legend{display:flex;flex-wrap:wrap;gap:.1rem .9rem;margin:.3rem 0 0;padding:0;list-style:none;font-size:.75rem;color:var(--soft);font-variant-numeric:tabular-nums}
.legend b{color:var(--ink);font-weight:600}
.legend i{display:inline-block;width:1.1em;margin-right:.4em;vertical-align:.25em;border-top:2px solid var(--c)}
.legend i.dashed{border-top-style:dashed}
details{margin-top:.4rem;font-size:.9rem}summary{cursor:pointer;color:var(--soft)}
ol{margin:.4rem 0;padding:0;list-style:none;max-height:20rem;overflow:auto}time{color:var(--soft);font-variant-numeric:tabular-nums;margin-right:.5em}
footer{margin-top:2.5rem;font-size:.8rem;color:var(--soft)}
@media (max-width:40rem){header{grid-template-columns:1fr;row-gap:.5rem}.verdict{justify-self:start;grid-row:auto}
thead{display:none}tr{display:block;padding:.5rem 0;border-bottom:1px solid var(--rule)}td,tbody th{display:block;padding:0 .5rem;border:0;overflow-wrap:anywhere}
tr>:first-child,tbody th{display:inline-block}td:nth-child(3){color:var(--soft)}}
@media print{:root{--paper:#fff;--card:#fff;--ink:#000;--soft:#444;--rule:#ccc}body{max-width:none;padding:0;font-size:11px}
.plots{grid-template-columns:repeat(3,1fr);gap:.5rem}h2{break-after:avoid}ol{max-height:none}.verdict{border:2px solid currentColor;color:#000;background:none!important}}
`);
