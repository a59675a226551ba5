import { parse } from 'csv-parse/sync'

export interface ListOptions {
  /** Whether a comma separates elements, or is part of one. */
  readonly commas: boolean
  /** False: blanks at an element's end are kept. */
  readonly trimEnd?: boolean
}

/**
 * Elements of a list input, as docker's actions read them (`Util.getInputList` of docker/actions-toolkit): a line is a record of CSV,
 * and a value in double quotes may have commas and line breaks in it; a quote within it is doubled. A quote that does not begin a
 * field is an ordinary character, and `#` begins no comment.
 *
 * @throws Error that says why the text is no such list, and quotes nothing of it: it may be a secret
 */
export function readList(text: string, { commas, trimEnd = true }: ListOptions): string[] {
  if (text.trim() === '') return []
  return records(text)
    .flatMap(record => {
      if (!commas) return [record.join(',')]
      // Docker splits a single field again, even one in quotes.
      return record.length === 1 ? (record[0] ?? '').split(',') : record
    })
    .map(element => (trimEnd ? element.trim() : element.trimStart()))
    .filter(element => element !== '')
}

function records(text: string): string[][] {
  try {
    return parse(text, { columns: false, relax_quotes: true, relax_column_count: true, skip_empty_lines: true })
  } catch {
    // The parser's own words quote the text. With these options it knows no other error.
    throw new Error('a quote at the beginning of a value has no end; a quote within quotes is doubled')
  }
}
