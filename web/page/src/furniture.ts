// What stands on the page whatever is dropped on it: its texts, the choices, the languages.

import { byId, bytes, make } from './dom';
import type { Profile } from './engine';
import { LANGUAGES } from './languages';
import type { Purpose } from './messages';
import type { Texts } from './texts';

/** Stands for what the list beside it says. */
const OTHER = 'other';

/** Levels of the program that are offered. */
const LEVELS = ['1', '6', '9', 'best'] as const;
const USUAL_LEVEL = '6';

/** Puts the texts of a language into the page. */
export function furnish(texts: Texts): void {
  document.documentElement.lang = texts.language;
  document.title = texts.title;
  for (const element of document.querySelectorAll<HTMLElement>('[data-text]')) {
    element.textContent = textOf(texts, element.dataset.text);
  }
  for (const element of document.querySelectorAll<HTMLElement>('[data-label]')) {
    element.ariaLabel = textOf(texts, element.dataset.label);
  }
  const chosen = chosenRadio()?.value ?? 'psp';
  const radios = Object.entries(texts.purposes).map(([value, [name, what]]) => {
    const input = make('input', { type: 'radio', name: 'purpose', value, checked: value === chosen });
    return make('label', {}, input, ` ${name}`, make('small', {}, what!));
  });
  byId('radios').replaceChildren(...radios);
}

function textOf(texts: Texts, key: string | undefined): string {
  const text = texts[key as keyof Texts];
  return typeof text === 'string' ? text : '';
}

/** Fills the list of languages and calls back when one is chosen. */
export function offerLanguages(current: Texts, choose: (texts: Texts) => void): void {
  const list = byId<HTMLSelectElement>('language');
  const option = ({ language, languageName }: Texts) =>
    make('option', { value: language, lang: language, selected: language === current.language }, languageName);
  list.replaceChildren(...LANGUAGES.map(option));
  list.addEventListener('change', () => {
    const texts = LANGUAGES.find(({ language }) => language === list.value);
    if (texts) {
      choose(texts);
    }
  });
}

/** Fills the list of readers and formats with what the program's profiles write. */
export function offerProfiles(profiles: Profile[], texts: Texts): void {
  const list = byId<HTMLSelectElement>('profile');
  const chosen = list.value;
  const named: Record<string, string | undefined> = texts.profiles;
  const groups = profiles.map(({ name, formats }) => {
    const options = formats.map(([format]) => make('option', { value: `${name}:${format}` }, format));
    return make('optgroup', { label: named[name] ?? texts.purposes[name as keyof Texts['purposes']]?.[0] ?? name }, ...options);
  });
  list.replaceChildren(...groups);
  list.value = chosen || 'any:CSO';
  const level = byId<HTMLSelectElement>('level');
  const chosenLevel = level.value || USUAL_LEVEL;
  level.replaceChildren(...LEVELS.map((value) => make('option', { value }, `${value === 'best' ? '--' : '-'}${value}: ${texts.levels[value]}`)));
  level.value = chosenLevel;
  list.onchange = () => offerSizes(profiles, texts);
  offerSizes(profiles, texts);
}

/** Fills the list of block sizes with those of the chosen reader and format. */
function offerSizes(profiles: Profile[], texts: Texts): void {
  const [name, format] = byId<HTMLSelectElement>('profile').value.split(':');
  const formats = profiles.find((profile) => profile.name === name)?.formats ?? [];
  const [usual, ...others] = formats.find(([known]) => known === format)?.[1] ?? [];
  const list = byId<HTMLSelectElement>('block-size');
  const chosen = list.value;
  const option = (size: number) => make('option', { value: String(size) }, bytes(size));
  const first = usual === undefined ? [] : [make('option', { value: '' }, `${bytes(usual)} (${texts.usual})`)];
  list.replaceChildren(...first, ...others.map(option));
  list.value = others.includes(Number(chosen)) ? chosen : '';
}

function chosenRadio(): HTMLInputElement | null {
  return document.querySelector<HTMLInputElement>('input[name="purpose"]:checked');
}

/** What the visitor wants done. */
export function chosenPurpose(): Purpose {
  const value = chosenRadio()?.value ?? 'check';
  const chosen = ['profile', 'level', 'block-size'].map((id) => byId<HTMLSelectElement>(id).value);
  return value === OTHER ? chosen.join(':') : value;
}

export function choosePurpose(purpose: Purpose): void {
  const radio = document.querySelector<HTMLInputElement>(`input[name="purpose"][value="${purpose}"]`);
  if (radio) {
    radio.checked = true;
  }
  showList();
}

/** Shows the list of readers and formats while it counts. */
export function showList(): void {
  byId('other').hidden = chosenRadio()?.value !== OTHER;
}
