package redact

import "strings"

// columnRule finds passwords in tables: Markdown, or separated by tabs, commas or semicolons, under a heading "password".
func columnRule() *rule {
	return &rule{
		kind:     "password",
		keywords: []string{"password", "passwd", "pwd", "pw", "パスワード"},
		start:    true,
		reach:    maxReach,
		findAll:  findColumn,
	}
}

// findColumn finds the passwords in the rows under the heading at text[at].
func findColumn(text string, at, window int) (found []span, to int) {
	lineFrom := at - min(at, 500)
	if i := strings.LastIndexByte(text[lineFrom:at], '\n'); i >= 0 {
		lineFrom += i + 1
	}
	limit := min(len(text), at+window)
	lineTo := nextLine(text[:min(len(text), at+500)], at)
	if lineTo < 0 {
		return nil, at
	}
	header := text[lineFrom:lineTo]
	sep := separator(header)
	column := cellAt(header, at-lineFrom, sep)
	if sep == 0 || !isHeading(cell(header, column, sep)) {
		return nil, lineTo
	}
	return cells(text, lineTo+1, limit, column, strings.Count(header, string(sep)), sep)
}

// separator returns what separates the cells of a table's heading, or 0.
func separator(header string) byte {
	for _, sep := range []byte{'|', '\t', ',', ';'} {
		if strings.IndexByte(header, sep) >= 0 {
			return sep
		}
	}
	return 0
}

// cellAt returns the number of the cell that text[i] of a line is in.
func cellAt(line string, i int, sep byte) int { return strings.Count(line[:i], string(sep)) }

// cell returns a cell of a line without blanks and formatting.
func cell(line string, n int, sep byte) string {
	cells := strings.Split(line, string(sep))
	if n >= len(cells) {
		return ""
	}
	return strings.Trim(cells[n], " \t\r*_~`\"'")
}

func isHeading(name string) bool {
	switch strings.ToLower(name) {
	case "password", "passwd", "pwd", "pw", "パスワード", "初期パスワード", "initial password", "temp password", "db password", "db_password":
		return true
	}
	return false
}

// cells returns the passwords in a column from text[i] on, as long as rows have as many separators, and where it
// stopped. The next heading of the same column has its own rows: so many headings don't read the same ones again.
func cells(text string, i, limit, column, separators int, sep byte) (found []span, to int) {
	for i < limit {
		end := nextLine(text[:limit], i)
		if end < 0 {
			end = limit
		}
		line := text[i:end]
		if strings.Count(line, string(sep)) != separators {
			break
		}
		v := cell(line, column, sep)
		if isHeading(v) {
			break
		}
		if !strings.Contains(v, " ") && isPassword(v, assigned, true, "") {
			from := i + cellStart(line, column, sep)
			from += strings.Index(text[from:end], v)
			found = append(found, span{from, from + len(v)})
		}
		i = end + 1
	}
	return found, min(i, limit)
}

// cellStart returns where a cell of a line starts.
func cellStart(line string, n int, sep byte) int {
	at := 0
	for ; n > 0; n-- {
		at += strings.IndexByte(line[at:], sep) + 1
	}
	return at
}
