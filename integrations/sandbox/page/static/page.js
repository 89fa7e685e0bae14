// The page is rendered by the server. This script puts in what has changed, sends forms without leaving the page, and
// helps to write.
'use strict';

const $ = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// What each element with an id looked like when the server sent it: only what differs is replaced, so that the state of
// the rest (focus, open details, what was typed) stays.
const sources = new WeakMap();
const remember = (root) => all('[id]', root).forEach((e) => sources.set(e, e.outerHTML));

// What each part should look like: what was in use when it changed is put in as soon as it is not.
const wanted = new Map();
const catchUp = () => new Map(wanted).forEach((html, part) => put(part, html));

function put(part, html) {
  wanted.set(part, html);
  const place = $(`[data-part="${part}"]`);
  if (!place) return;
  const fresh = document.createElement('template');
  fresh.innerHTML = html;
  remember(fresh.content);
  const atEnd = place.scrollHeight - place.scrollTop - place.clientHeight < 40;
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  const old = new Map([...place.children].filter((e) => e.id).map((e) => [e.id, e]));
  const next = [...fresh.content.children].map((e) => {
    const same = e.id && old.get(e.id);
    return same && (sources.get(same) === e.outerHTML || inUse(same, focused)) ? same : e;
  });
  const keep = new Set(next);
  [...place.childNodes].forEach((e) => { if (!keep.has(e)) e.remove(); });
  next.forEach((e, i) => { if (place.children[i] !== e) place.insertBefore(e, place.children[i] || null); });
  if (focused && !place.contains(focused)) refocus(place, focused);
  if (place.dataset.follow !== undefined && atEnd) place.scrollTop = place.scrollHeight;
  if (part === 'views') opened(place);
}

// inUse says whether somebody is writing in an element.
function inUse(element, focused) {
  return element.contains(focused) && focused.matches('textarea, input, select') || $('form.change:not([hidden])', element);
}

// refocus finds the successor of an element that was replaced while it had the focus.
function refocus(place, focused) {
  const like = focused.closest('[id]');
  const again = focused.name && $(`[name="${CSS.escape(focused.name)}"][value="${CSS.escape(focused.value)}"]`, place)
    || focused.getAttribute('href') && $(`[href="${CSS.escape(focused.getAttribute('href'))}"]`, place)
    || like && document.getElementById(like.id);
  if (again) again.focus({ preventScroll: true });
}

let beneath = null;
function opened(place) {
  const dialog = $('[role=dialog]', place);
  if (dialog && !dialog.dataset.seen) {
    beneath = beneath || document.activeElement;
    dialog.dataset.seen = 'yes';
    ($('.wrong input, .wrong textarea, .wrong select', dialog) || $('.blocks input:not([type=hidden]), .blocks textarea, .blocks select', dialog) || $('footer button', dialog)).focus();
  } else if (!dialog && beneath) {
    beneath.focus();
    beneath = null;
  }
}

function listen() {
  const live = new EventSource(document.body.dataset.live);
  const lost = $('.lost');
  live.onmessage = (e) => { const { part, html } = JSON.parse(e.data); put(part, html); };
  live.onopen = () => { lost.hidden = true; };
  live.onerror = () => { lost.textContent = document.body.dataset.lost; lost.hidden = false; };
  addEventListener('pagehide', () => live.close());
}

// names says which files are chosen.
function names(input) {
  $('.chosen', input.form).textContent = [...input.files].map((f) => f.name).join(', ');
}

// ask shows a dialog and resolves to whether it was confirmed.
function ask({ title, ask: text, yes, no, danger }) {
  const dialog = document.createElement('dialog');
  dialog.className = 'ask';
  const head = document.createElement('h2'), words = document.createElement('p'), row = document.createElement('div');
  const confirm = document.createElement('button'), deny = document.createElement('button');
  head.textContent = title || '';
  words.textContent = text;
  row.className = 'row';
  confirm.textContent = yes;
  confirm.className = danger === undefined ? 'primary' : 'danger';
  deny.textContent = no;
  deny.className = 'quiet';
  row.append(deny, confirm);
  if (title) dialog.append(head);
  dialog.append(words, row);
  dialog.setAttribute('aria-label', title || text);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    const end = (answer) => { dialog.remove(); resolve(answer); };
    confirm.onclick = () => end(true);
    deny.onclick = () => end(false);
    dialog.oncancel = () => end(false);
  });
}

function complain(form, text) {
  const at = form.id === 'modal-form' ? $('.blocks', form) : form;
  let note = $('.complaint', at);
  if (!note) {
    note = document.createElement('p');
    note.className = 'complaint problem';
    note.setAttribute('role', 'alert');
    at.append(note);
  }
  note.textContent = text;
}

// alongside adds what else was typed and chosen in a message to what is sent of one element of it.
function alongside(form, body) {
  const blocks = form.classList.contains('control') && form.closest('.text');
  if (!blocks) return;
  all('[name^="v:"]', blocks).forEach((e) => {
    if (form.contains(e) || e.matches('[type=checkbox], [type=radio]') && !e.checked) return;
    if (e.multiple) [...e.selectedOptions].forEach((o) => body.append(e.name, o.value));
    else body.append(e.name, e.value);
  });
}

// clear empties a field that was sent with a value. What was typed since stays.
function clear(field, value) {
  if (field.type === 'checkbox') field.checked = false;
  else if (field.type === 'file') field.value = '';
  else if (field.value.startsWith(value)) field.value = field.value.slice(value.length);
}

async function act(form, button, use) {
  const asks = (button && button.closest('[data-ask]')) || (form.dataset.ask && form);
  if (asks && !await ask(asks.dataset)) return;
  if (button && button.dataset.href) window.open(button.dataset.href, '_blank', 'noopener');
  $('.complaint', form)?.remove();
  const data = new FormData(form, button && button.form === form ? button : undefined);
  const body = form.enctype === 'multipart/form-data' ? data : new URLSearchParams(data);
  if (use) body.set('use', use);
  alongside(form, body);
  const sent = form.dataset.clear === undefined ? [] : all('textarea, input:not([type=hidden])', form).map((e) => [e, e.value]);
  const busy = button || form;
  busy.classList.add('busy');
  busy.setAttribute('aria-busy', 'true');
  try {
    const action = use ? '/press' : (button && button.getAttribute('formaction')) || form.getAttribute('action');
    const answer = await fetch(action, { method: 'POST', body, headers: { Accept: 'text/plain' } });
    if (!answer.ok) { complain(form, await answer.text()); return; }
    if (answer.headers.get('Location')) { location.assign(answer.headers.get('Location')); return; }
    form.closest('details.menu')?.removeAttribute('open');
    if (form.dataset.clear !== undefined) {
      sent.forEach(([e, value]) => clear(e, value));
      all('input[type=file]', form).forEach(names);
      $('.usage', form)?.remove();
      const list = form.parentElement && $('.messages', form.parentElement);
      if (list) list.scrollTop = list.scrollHeight;
    }
    if (form.dataset.shut !== undefined) form.hidden = true;
  } catch {
    complain(form, document.body.dataset.lost);
  } finally {
    busy.classList.remove('busy');
    busy.removeAttribute('aria-busy');
    catchUp();
  }
}

document.addEventListener('submit', (e) => {
  if (e.target.dataset.act === undefined) return;
  e.preventDefault();
  act(e.target, e.submitter);
});

document.addEventListener('change', (e) => {
  if (e.target.type === 'file') names(e.target);
  if (e.target.dataset.go !== undefined) e.target.form.submit();
  if (e.target.dataset.choose === undefined) return;
  const form = e.target.closest('form');
  const inModal = e.target.closest('[data-use]');
  if (inModal) act(form, null, inModal.dataset.use);
  else if (form?.getAttribute('action') === '/press') act(form);
});

// What is typed into an external select is put to the app; its options replace those that are not chosen.
document.addEventListener('input', (e) => { if (e.target.closest('[data-suggest]')) suggest(e.target); });
document.addEventListener('focusin', (e) => { if (e.target.matches('[data-suggest] input')) suggest(e.target); });

async function suggest(input) {
  if (input.type !== 'search') return;
  const around = input.parentElement, list = $('select', around), form = input.closest('form');
  const typed = input.value, asked = (Number(around.dataset.asked) || 0) + 1;
  if (typed.length < around.dataset.least) return;
  around.dataset.asked = asked;
  $('.problem', around)?.remove();
  const body = new URLSearchParams(new FormData(form || input.closest('.message').querySelector('form')));
  body.set('use', around.dataset.suggest);
  body.set('typed', typed);
  around.classList.add('busy');
  const answer = await fetch('/suggest', { method: 'POST', body, headers: { Accept: 'text/html' } }).catch(() => null);
  if (Number(around.dataset.asked) !== asked) return; // more was typed meanwhile
  around.classList.remove('busy');
  const text = answer ? await answer.text() : document.body.dataset.lost;
  if (!answer?.ok) {
    const note = document.createElement('span');
    note.className = 'problem';
    note.textContent = text;
    around.append(note);
    return;
  }
  const kept = [...list.selectedOptions];
  list.innerHTML = text;
  const fresh = new Set([...list.options].map((o) => o.value));
  kept.reverse().forEach((o) => { if (!fresh.has(o.value)) list.prepend(o); });
  [...list.options].forEach((o) => { o.selected = kept.some((k) => k.value === o.value); });
  list.hidden = list.options.length === 0;
}

document.addEventListener('click', (e) => {
  const toggles = e.target.closest('[data-toggle]');
  if (toggles) {
    const shown = $(toggles.dataset.toggle, toggles.closest('li, article'));
    shown.hidden = !shown.hidden;
    if (shown.hidden) catchUp();
    else $('textarea', shown).focus();
  }
  const tool = e.target.closest('[data-insert], [data-wrap]');
  if (tool) {
    const box = $('textarea', tool.form);
    const mark = tool.dataset.wrap;
    const chosen = box.value.slice(box.selectionStart, box.selectionEnd);
    box.focus();
    box.setRangeText(mark ? `${mark}\n${chosen}\n${mark}` : tool.dataset.insert, box.selectionStart, box.selectionEnd, 'end');
    if (mark && !chosen) box.selectionEnd -= mark.length + 1;
  }
});

document.addEventListener('keydown', (e) => {
  const list = $('.completions');
  if (list && completing(e, list)) return;
  if (e.key === 'Enter' && !e.shiftKey && !e.isComposing && e.target.dataset?.enter !== undefined) {
    e.preventDefault();
    e.target.form.requestSubmit();
  }
  if (e.key === 'Escape') {
    const change = e.target.closest?.('form.change');
    if (change) { change.hidden = true; change.closest('li')?.focus(); catchUp(); return; }
    $('[role=dialog] [data-escape]')?.click();
  }
  if (e.target.matches?.('li.message') && (e.key === 'ArrowUp' || e.key === 'ArrowDown')) {
    const to = e.key === 'ArrowUp' ? e.target.previousElementSibling : e.target.nextElementSibling;
    if (to) { e.preventDefault(); to.focus(); }
  }
  if (e.key === 'Tab') stayInDialog(e);
});

// stayInDialog keeps the focus within a modal.
function stayInDialog(e) {
  const dialog = $('[role=dialog]');
  if (!dialog || $('dialog[open]')) return;
  const stops = all('button, input:not([type=hidden]), textarea, select, a[href]', dialog);
  const end = e.shiftKey ? stops[0] : stops[stops.length - 1];
  if (document.activeElement === end || !dialog.contains(document.activeElement)) {
    e.preventDefault();
    (e.shiftKey ? stops[stops.length - 1] : stops[0]).focus();
  }
}

// Completion of @people, @groups, #channels and /commands.
document.addEventListener('input', (e) => {
  const box = e.target;
  if (!box.dataset?.complete) return;
  $('.completions')?.remove();
  usage(box);
  const before = box.value.slice(0, box.selectionStart);
  const word = /(?:^|\s)([@#/][\p{L}\p{N}_.-]*)$/u.exec(before)?.[1];
  if (!word || word[0] === '/' && before !== word) return;
  const fits = JSON.parse(box.dataset.complete).filter((h) => h.insert[0] === word[0] &&
    (h.insert.toLowerCase().startsWith(word.toLowerCase()) || h.name.toLowerCase().includes(word.slice(1).toLowerCase()))).slice(0, 7);
  if (!fits.length || fits.length === 1 && fits[0].insert === word) return;
  const list = document.createElement('ul');
  list.className = 'completions';
  list.setAttribute('role', 'listbox');
  fits.forEach((h, i) => {
    const item = document.createElement('li'), name = document.createElement('b'), more = document.createElement('span');
    item.setAttribute('role', 'option');
    item.setAttribute('aria-selected', i === 0);
    name.textContent = h.insert;
    more.textContent = [h.usage, h.name].filter(Boolean).join('  ·  ');
    item.append(name, more);
    item.onmousedown = (m) => { m.preventDefault(); complete(box, word, h.insert); };
    list.append(item);
  });
  box.parentElement.append(list);
});

// usage shows how a command is used while its words are typed.
function usage(box) {
  $('.usage')?.remove();
  const name = /^(\/\S+)\s/.exec(box.value)?.[1];
  const command = name && JSON.parse(box.dataset.complete).find((h) => h.insert === name);
  if (!command) return;
  const hint = document.createElement('p'), what = document.createElement('b');
  hint.className = 'usage';
  hint.setAttribute('role', 'status');
  what.textContent = name;
  hint.append(what, ` ${command.usage || ''}`);
  box.before(hint);
}

function complete(box, word, insert) {
  box.setRangeText(`${insert} `, box.selectionStart - word.length, box.selectionStart, 'end');
  $('.completions')?.remove();
  usage(box);
}

// completing lets the keys choose in the list. It says whether the key was used up.
function completing(e, list) {
  const items = all('li', list), now = items.findIndex((i) => i.getAttribute('aria-selected') === 'true');
  const select = (n) => items.forEach((i, k) => i.setAttribute('aria-selected', k === (n + items.length) % items.length));
  if (e.key === 'ArrowDown') select(now + 1);
  else if (e.key === 'ArrowUp') select(now - 1);
  else if (e.key === 'Enter' || e.key === 'Tab') items[now].onmousedown(e);
  else if (e.key === 'Escape') list.remove();
  else return false;
  e.preventDefault();
  return true;
}

document.addEventListener('focusout', () => setTimeout(() => { $('.completions')?.remove(); catchUp(); }, 100));

remember(document);
all('[data-follow]').forEach((e) => { e.scrollTop = e.scrollHeight; });
const drafted = all('.composer textarea').find((box) => box.value);
if (drafted) { drafted.focus(); drafted.setSelectionRange(drafted.value.length, drafted.value.length); }
opened($('[data-part=views]'));
listen();
