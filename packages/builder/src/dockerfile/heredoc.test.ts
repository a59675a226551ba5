import { describe, expect, test } from '@jest/globals'
import { findHeredocs } from './heredoc.js'

// BuildKit's own vectors (frontend/dockerfile/parser/parser_heredoc_test.go) and what its rule says of others.
describe('a line begins here-documents', () => {
  const table: readonly (readonly [string, readonly string[]])[] = [
    ['RUN <<EOF', ['EOF']],
    ['RUN 3<<EMPTY2', ['EMPTY2']],
    ['RUN <<-UNINDENT', ['UNINDENT']],
    [`RUN <<-'NOEXPAND'`, ['NOEXPAND']],
    ['COPY <<FILE1 <<FILE2 /dest', ['FILE1', 'FILE2']],
    ['RUN <<COMPLEX python3', ['COMPLEX']],
    ['COPY <<file.txt /dest', ['file.txt']],
    [`RUN <<eo'f'`, ['eof']],
    [`RUN <<eo\\'f`, [`eo'f`]],
    [`RUN <<'e'o\\'f`, [`eo'f`]],
    [`RUN <<'one two'`, ['one two']],
    ['RUN <<$EOF', ['$EOF']],
    ['RUN <<  EOF', ['EOF']],
    ['RUN <<  EOF  > foo', ['EOF']],
    ['RUN cat <<EOF >/etc/motd', ['EOF']],
    ['RUN echo $(cat <<EOF)', ['EOF)']],
    ['RUN echo "a b" && cat <<"X Y"', ['X Y']]
  ]
  test.each(table)('%s', (line, names) => {
    expect(findHeredocs(line).map(heredoc => heredoc.name)).toEqual(names)
  })
})

test.each([
  'RUN "<<NOHEREDOC"',
  `RUN echo '<<EOF'`,
  'RUN echo "see <<EOF below"',
  'RUN cat<<EOF',
  'RUN cat <<<word',
  'RUN cat <<< word',
  'RUN echo \\<<EOF',
  'RUN echo ${x:-<<EOF}',
  'RUN echo $((1<<2))',
  'RUN echo a < b',
  'RUN <<',
  // An open quote: the line cannot be cut into words.
  "RUN echo it's <<EOF"
])('%s begins none', line => {
  expect(findHeredocs(line)).toEqual([])
})
