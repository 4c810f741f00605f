// The languages of the page, and which of them a visitor gets.

import { german } from './texts.de';
import { spanish } from './texts.es';
import { japanese } from './texts.ja';
import { english, type Texts } from './texts';

/** All of them, the first for everybody whose language is not among them. */
export const LANGUAGES: readonly Texts[] = [english, german, spanish, japanese];

/** Where the choice is kept. */
const KEY = 'cisor-language';

/** The texts in the best of the languages that a visitor prefers; each is a BCP 47 tag such as `de-AT`. */
export function preferred(tags: readonly string[]): Texts {
  for (const tag of tags) {
    const primary = tag.toLowerCase().split('-')[0];
    const found = LANGUAGES.find(({ language }) => language === primary);
    if (found) {
      return found;
    }
  }
  return english;
}

/** The texts that the visitor chose earlier, or else those of the browser's languages. */
export function startingTexts(): Texts {
  return preferred([remembered() ?? '', ...navigator.languages]);
}

export function remember(language: string): void {
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // Some browsers keep nothing for pages from files.
  }
}

function remembered(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
