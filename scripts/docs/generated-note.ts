/** First line of every generated page. */
export const generatedNote = '<!-- Made by `npm run docs` from the declarations in src. Do not edit. -->';
