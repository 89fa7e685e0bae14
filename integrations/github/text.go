package github

import (
	"fmt"
	"iter"
	"regexp"
	"strings"
	"unicode/utf8"

	"supportbot/integrations/redact"
)

const (
	maxTitle = 256    // characters; GitHub refuses longer ones
	maxBody  = 60_000 // characters; GitHub refuses 65,536
	// cutNote ends a body that was too long.
	cutNote = "\n\n*The rest was cut: GitHub takes no longer text. The whole of it is in Slack.*"
)

const markerStart = "<!-- supportbot"

var (
	markerKey   = regexp.MustCompile(`^[a-z]+$`)
	markerValue = regexp.MustCompile(`^[A-Za-z0-9._/:-]{1,200}$`)
)

// Marker returns the hidden line by which an issue or comment of ours is found again, from keys and values in
// turn, such as "ticket", "01J…", "thread", "T1/C1/1764000000.000100". Values that could end the line or hide
// something in it are refused.
func Marker(kv ...string) (string, error) {
	if len(kv) == 0 || len(kv)%2 != 0 {
		return "", fmt.Errorf("github: marker of %d parts", len(kv))
	}
	var m strings.Builder
	m.WriteString(markerStart)
	for i := 0; i < len(kv); i += 2 {
		key, value := kv[i], kv[i+1]
		if !markerKey.MatchString(key) || !markerValue.MatchString(value) || strings.Contains(value, "--") {
			return "", fmt.Errorf("github: marker can't hold %q=%q", key, value)
		}
		m.WriteString(" " + key + "=" + value)
	}
	m.WriteString(" -->")
	return m.String(), nil
}

// markOf returns what a marker in body says, a line of its own that has value under key; nil if there is none.
func markOf(body, key, value string) map[string]string {
	for mark := range marksIn(body) {
		if mark[key] == value && value != "" {
			return mark
		}
	}
	return nil
}

// marksIn returns what each marker in body says.
func marksIn(body string) iter.Seq[map[string]string] {
	return func(yield func(map[string]string) bool) {
		for line := range strings.Lines(body) {
			inside, marker := strings.CutPrefix(strings.TrimSpace(line), markerStart+" ")
			inside, whole := strings.CutSuffix(inside, " -->")
			if !marker || !whole {
				continue
			}
			mark := map[string]string{}
			for pair := range strings.FieldsSeq(inside) {
				k, v, _ := strings.Cut(pair, "=")
				mark[k] = v
			}
			if !yield(mark) {
				return
			}
		}
	}
}

// titleText returns a title that GitHub accepts.
func titleText(r *redact.Redactor, title string) redact.Text {
	text := r.Text(title)
	if short := cutRunes(text.String(), maxTitle); short != text.String() {
		return r.Text(short)
	}
	return text
}

// bodyText returns a body that GitHub accepts, with marker as its last line. It is searched for secrets as a
// whole before it is cut, since a part of a secret may not look like one.
func bodyText(r *redact.Redactor, body, marker string) redact.Text {
	body = strings.ReplaceAll(body, markerStart, "<!\u200b-- supportbot") // only we write markers
	text := r.Text(body + "\n\n" + marker)
	if utf8.RuneCountInString(text.String()) <= maxBody {
		return text
	}
	room := maxBody - utf8.RuneCountInString(cutNote+marker) - 20 // for a fence and line ends
	return r.Text(closeCode(cutRunes(r.Text(body).String(), room)) + cutNote + "\n\n" + marker)
}

// cutRunes returns the first most characters of s, the last of them "…" if s is longer.
func cutRunes(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	n := 0
	for i := range s {
		if n++; n == most {
			return s[:i] + "…"
		}
	}
	return s
}

// closeCode ends the code block that a cut has left open, so that what follows is not code, and takes out code that a
// cut has left open inside its line: without its end it would be text, which may notify somebody.
func closeCode(body string) string {
	open, fenced := "", false // the fence of the open block, and whether the last line is a fence
	for line := range strings.Lines(body) {
		line = strings.TrimLeft(strings.TrimRight(line, "\n"), " >")
		fence := line[:len(line)-len(strings.TrimLeft(line, "`"))]
		fenced = len(fence) >= 3
		switch {
		case !fenced:
		case open == "":
			open = fence
		case len(fence) >= len(open) && strings.TrimSpace(line[len(fence):]) == "":
			open = ""
		}
	}
	switch {
	case open == "" && fenced:
		return body
	case open == "":
		start := strings.LastIndexByte(body, '\n') + 1
		return body[:start] + cutOpenCode(body[start:])
	}
	return body + "\n" + open
}

// cutOpenCode cuts line where code begins that does not end in it.
func cutOpenCode(line string) string {
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++ // what follows is no mark
		case '`':
			ticks := line[i : len(line)-len(strings.TrimLeft(line[i:], "`"))]
			end := endOfCode(line[i+len(ticks):], ticks)
			if end < 0 {
				return line[:i] + "…"
			}
			i += len(ticks) + end - 1
		}
	}
	return line
}

// endOfCode returns where code ends that began with as many ticks, behind the ticks that end it; -1 if nowhere.
func endOfCode(s, ticks string) int {
	for from := 0; ; {
		start := strings.IndexByte(s[from:], '`')
		if start < 0 {
			return -1
		}
		from += start
		run := len(s[from:]) - len(strings.TrimLeft(s[from:], "`"))
		if from += run; run == len(ticks) {
			return from
		}
	}
}
