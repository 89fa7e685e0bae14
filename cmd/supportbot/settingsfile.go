package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// maxSettingsSize is many times what a real file needs.
const maxSettingsSize = 64 << 10

// maxOpen brackets may be open at once; the parser's time grows with the square of them.
const maxOpen = 100

// A Problem is one thing that is wrong in a settings file.
type Problem struct {
	Line, Column int // from 1; Line is 0 for a problem of the whole file
	Text         string
}

// A SettingsError is all that is wrong with a settings file, in the order of its lines. It shows no secret.
type SettingsError struct {
	File     string
	Problems []Problem
}

func (e *SettingsError) Error() string {
	var b strings.Builder
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteByte('\n')
		}
		if p.Line == 0 {
			fmt.Fprintf(&b, "%s: %s", e.File, p.Text)
		} else {
			fmt.Fprintf(&b, "%s:%d:%d: %s", e.File, p.Line, p.Column, p.Text)
		}
	}
	return b.String()
}

// LoadSettings reads the settings file at path. Its error is a *SettingsError that lists every problem found.
func LoadSettings(path string) (Settings, error) {
	data, err := readSettings(path)
	if err != nil {
		return Settings{}, &SettingsError{File: cmp.Or(path, "--config"), Problems: []Problem{{Text: err.Error()}}}
	}
	return ParseSettings(path, data)
}

func readSettings(path string) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, errors.New("there is no such file; name your settings file with --config")
	}
	if err != nil {
		return nil, fmt.Errorf("can't be read: %w", errors.Unwrap(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSettingsSize+1))
	if err != nil {
		return nil, fmt.Errorf("can't be read: %w", errors.Unwrap(err))
	}
	return data, nil
}

// ParseSettings reads settings from data. The name is that of the file, for the errors, which are as
// LoadSettings gives them.
func ParseSettings(name string, data []byte) (Settings, error) {
	s := defaultSettings()
	r := &reader{fields: s.fields()}
	r.read(data)
	if len(r.problems) > 0 {
		slices.SortStableFunc(r.problems, byLine)
		return Settings{}, &SettingsError{File: name, Problems: r.problems}
	}
	if s.Support.Mode == "" {
		s.Support.Mode = s.Mode
	}
	return s, nil
}

// byLine puts problems of the whole file last: they often follow from others.
func byLine(a, b Problem) int {
	if a.Line == 0 || b.Line == 0 {
		return b.Line - a.Line
	}
	return a.Line - b.Line
}

// A field checks the value of one setting and keeps it.
type field func(r *reader, name string, value ast.Node)

// A check says what is wrong with a value, or returns it as it is to be kept.
type check func(value string) (string, error)

// A reader walks through a settings file and collects its problems.
type reader struct {
	fields   map[string]field
	seen     map[string]int // lines of the settings that were given, by full name
	problems []Problem
}

func (r *reader) complain(line, column int, format string, args ...any) {
	r.problems = append(r.problems, Problem{Line: line, Column: column, Text: fmt.Sprintf(format, args...)})
}

func (r *reader) complainAt(n ast.Node, format string, args ...any) {
	at := position(n)
	r.complain(at.Line, at.Column, format, args...)
}

func position(n ast.Node) token.Position {
	if tk := n.GetToken(); tk != nil && tk.Position != nil {
		return *tk.Position
	}
	return token.Position{}
}

func (r *reader) read(data []byte) {
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	switch {
	case len(data) > maxSettingsSize:
		r.complain(0, 0, "is larger than %d kB, which no settings file is", maxSettingsSize>>10)
		return
	case !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0:
		r.complain(0, 0, "is not a text file in UTF-8")
		return
	}
	data = r.hideSecrets(data)
	body := r.parse(data)
	r.seen = map[string]int{}
	if body != nil {
		r.section(body, "")
	}
	if body != nil || len(r.problems) == 0 {
		r.requireAll()
	}
}

// parse returns the one mapping that data is, or nil after complaining, or for a file without settings.
func (r *reader) parse(data []byte) ast.Node {
	file, err := parseYAML(string(data))
	var syntax yaml.Error
	switch {
	case errors.As(err, &syntax) && syntax.GetToken() != nil:
		at := syntax.GetToken().Position
		r.complain(at.Line, at.Column, "is not valid YAML here: %s%s", complaint(syntax.GetMessage()), tabHint(data))
		return nil
	case err != nil:
		r.complain(0, 0, "is not valid YAML%s", tabHint(data))
		return nil
	}
	var docs []ast.Node
	for _, d := range file.Docs {
		if d.Body != nil && d.Body.Type() != ast.CommentType {
			docs = append(docs, d.Body)
		}
	}
	if len(docs) == 0 {
		return nil
	}
	if len(docs) > 1 {
		r.complainAt(docs[1], "starts a second document; the settings are one")
	}
	return docs[0]
}

// parseYAML turns a panic of the YAML library into an error: the file is somebody's slip at worst, and the
// person at the keyboard should read a sentence.
func parseYAML(data string) (file *ast.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("yaml: %v", p)
		}
	}()
	tokens := lexer.Tokenize(data)
	open := 0
	for _, tk := range tokens {
		switch tk.Type {
		case token.SequenceStartType, token.MappingStartType:
			if open++; open > maxOpen {
				return nil, &yaml.SyntaxError{Token: tk, Message: "too many brackets are open"}
			}
		case token.SequenceEndType, token.MappingEndType:
			open--
		case token.AnchorType, token.AliasType, token.TagType, token.MergeKeyType:
			return nil, &yaml.SyntaxError{Token: tk, Message: fmt.Sprintf("%q has a meaning of its own; put the value in quotes", tk.Value)}
		}
	}
	return parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
}

// complaint is what the YAML library says, without the tab itself, which nobody would see.
func complaint(message string) string {
	if strings.Contains(message, "\t") {
		return "there is a tab"
	}
	return message
}

var tabIndent = regexp.MustCompile(`(?m)^ *\t`)

func tabHint(data []byte) string {
	at := tabIndent.FindIndex(data)
	if at == nil {
		return ""
	}
	return fmt.Sprintf(" (line %d is indented with a tab; use spaces)", 1+bytes.Count(data[:at[0]], []byte("\n")))
}

// section reads a mapping whose settings are named prefix and their key.
func (r *reader) section(n ast.Node, prefix string) {
	for _, e := range r.entries(n, strings.TrimSuffix(prefix, ".")) {
		name := prefix + e.key
		if first, twice := r.seen[name]; twice {
			r.complainAt(e.node, "%s is given twice; first on line %d", name, first)
			continue
		}
		r.seen[name] = position(e.node).Line
		switch set, known := r.fields[name]; {
		case known:
			set(r, name, e.value)
		case r.isSection(name):
			r.section(e.value, name+".")
		case secretKey.MatchString(e.key):
			at := position(e.node)
			r.complainOfSecret(at.Line, at.Column)
		default:
			r.complainAt(e.node, "%s is not a setting%s", quoted(name), r.hint(prefix, e.key))
		}
	}
}

type entry struct {
	key   string
	node  ast.Node // of the key
	value ast.Node
}

// entries returns what is in a mapping. An empty one is fine: all its lines may be commented out.
func (r *reader) entries(n ast.Node, name string) []entry {
	if n.Type() == ast.NullType {
		return nil
	}
	m, ok := n.(ast.MapNode)
	if !ok {
		if name == "" {
			name = "the file"
		}
		r.complainAt(n, `%s must hold lines of "name: value"`, name)
		return nil
	}
	var list []entry
	for it := m.MapRange(); it.Next(); {
		list = append(list, entry{it.Key().GetToken().Value, it.Key(), it.Value()})
	}
	return list
}

func (r *reader) isSection(name string) bool {
	for known := range r.fields {
		if strings.HasPrefix(known, name+".") {
			return true
		}
	}
	return false
}

func (r *reader) requireAll() {
	for _, need := range required {
		if _, given := r.seen[need.name]; !given {
			r.complain(0, 0, "%s is missing: %s", need.name, need.what)
		}
	}
}

// hint names the setting that was probably meant.
func (r *reader) hint(prefix, key string) string {
	for _, known := range slices.Sorted(maps.Keys(r.fields)) {
		if strings.HasSuffix(known, "."+key) {
			return fmt.Sprintf("; did you mean %s?", known)
		}
	}
	siblings := r.names(prefix)
	near := slices.MinFunc(siblings, func(a, b string) int { return distance(key, a) - distance(key, b) })
	if distance(key, near) <= max(1, len(key)/3) {
		return fmt.Sprintf("; did you mean %s?", prefix+near)
	}
	return "; known here: " + strings.Join(siblings, ", ")
}

// names returns what may stand under prefix, sorted.
func (r *reader) names(prefix string) []string {
	var names []string
	for known := range r.fields {
		if rest, ok := strings.CutPrefix(known, prefix); ok {
			first, _, _ := strings.Cut(rest, ".")
			names = append(names, first)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// distance counts the letters to insert, drop or change to make a into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			changed := diagonal
			if a[i] != b[j] {
				changed++
			}
			diagonal = row[j+1]
			row[j+1] = min(changed, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}

func text(into *string, ok check) field {
	return func(r *reader, name string, n ast.Node) {
		value, isText := textOf(n)
		switch {
		case isPlain(n):
			value = n.GetToken().Value
		case !isText:
			r.complainAt(n, "%s must be text; %s", name, whatIs(n))
			return
		}
		if strings.ContainsFunc(value, func(c rune) bool { return unicode.IsControl(c) && c != '\n' }) {
			r.complainAt(n, "%s must not hold control characters", name)
			return
		}
		kept, err := ok(value)
		switch {
		case err != nil:
			r.complainAt(n, "%s %v", name, err)
		case !isText:
			r.complainAt(n, "%s must be text: put %s in quotes", name, value)
		default:
			*into = kept
		}
	}
}

func textOf(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return strings.TrimSpace(n.Value), strings.TrimSpace(n.Value) != ""
	case *ast.LiteralNode:
		return strings.TrimSpace(n.Value.Value), strings.TrimSpace(n.Value.Value) != ""
	}
	return "", false
}

// isPlain says whether n is a value that would be text in quotes.
func isPlain(n ast.Node) bool {
	switch n.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return true
	}
	return false
}

// whatIs says what n is instead of what it should be.
func whatIs(n ast.Node) string {
	switch n.(type) {
	case *ast.NullNode:
		return "it is empty: give a value or leave the line out"
	case *ast.StringNode, *ast.LiteralNode:
		return fmt.Sprintf("it is the text %s", quoted(n.GetToken().Value))
	case ast.MapNode:
		return "it is a mapping"
	case ast.ArrayNode:
		return "it is a list"
	}
	return "it is " + n.GetToken().Value
}

func count(into *int, low, high int) field {
	return func(r *reader, name string, n ast.Node) {
		i, ok := n.(*ast.IntegerNode)
		if !ok {
			r.complainAt(n, "%s must be a whole number from %d to %d, without quotes", name, low, high)
			return
		}
		value, ok := i.Value.(uint64)
		if !ok || value < uint64(low) || value > uint64(high) {
			r.complainAt(n, "%s must be from %d to %d, not %s", name, low, high, quoted(i.Token.Value))
			return
		}
		*into = int(value)
	}
}

func duration(into *time.Duration, most time.Duration) field {
	return func(r *reader, name string, n ast.Node) {
		value, _ := textOf(n)
		d, err := time.ParseDuration(value)
		if err != nil || d < 0 || d > most {
			r.complainAt(n, "%s must be a time with its unit, such as 10s, up to %s", name, withoutZeros(most))
			return
		}
		*into = d
	}
}

// withoutZeros is a time as people write it: 10m, not 10m0s.
func withoutZeros(d time.Duration) string {
	s := d.String()
	for _, unit := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, unit) {
			s = s[:len(s)-2]
		}
	}
	return s
}

// bots reads a mapping from bot ids to what is allowed to each.
func bots(into *map[string]BotSettings) field {
	return func(r *reader, name string, n ast.Node) {
		*into = map[string]BotSettings{}
		for _, e := range r.entries(n, name) {
			if !botID.MatchString(e.key) {
				r.complainAt(e.node, "%s must name bots by id, such as B0123456789, not %s", name, quoted(e.key))
				continue
			}
			var bot BotSettings
			inner := &reader{
				fields: map[string]field{name + "." + e.key + ".tickets_per_10_minutes": count(&bot.TicketsPer10Minutes, 0, maxLimit)},
				seen:   map[string]int{},
			}
			inner.section(e.value, name+"."+e.key+".")
			if len(inner.seen)+len(inner.problems) == 0 {
				inner.complainAt(e.node, "%s.%s needs tickets_per_10_minutes; 0 is no limit", name, e.key)
			}
			r.problems = append(r.problems, inner.problems...)
			(*into)[e.key] = bot
		}
	}
}

// channels reads a list of ids of channels.
func channels(into *[]string) field {
	return func(r *reader, name string, n ast.Node) {
		list, ok := n.(*ast.SequenceNode)
		if !ok {
			r.complainAt(n, "%s must be a list of channel ids, such as [C0123456789]; %s", name, whatIs(n))
			return
		}
		*into = nil
		for _, value := range list.Values {
			id, _ := textOf(value)
			if !channelID.MatchString(id) {
				r.complainAt(value, "%s must name channels by id, such as C0123456789, not %s", name, quoted(value.String()))
				continue
			}
			*into = append(*into, id)
		}
	}
}

// quoted shows a value in an error, cut if it is long.
func quoted(value string) string {
	const most = 60
	if r := []rune(value); len(r) > most {
		value = string(r[:most]) + "…"
	}
	return fmt.Sprintf("%q", value)
}

// secretValue is what secrets look like, whatever their key is called; secretKey is what asks for one.
var (
	secretValue = regexp.MustCompile(`(?s)\b(?:xox[a-z]|xapp|xoxe\.xox[a-z])-[\w-]{8,}|\b(?:gh[a-z]|github_pat)_\w{16,}|` +
		`-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)`)
	secretKey = regexp.MustCompile(`(?i)token|secret|password|passwd|private_?key|credential`)
)

// hideSecrets complains of each secret in data and returns data without them, all else in its place, so that
// no later error can show one.
func (r *reader) hideSecrets(data []byte) []byte {
	data = bytes.Clone(data)
	for _, at := range secretValue.FindAllIndex(data, -1) {
		line := 1 + bytes.Count(data[:at[0]], []byte("\n"))
		start := bytes.LastIndexByte(data[:at[0]], '\n') + 1
		r.complainOfSecret(line, 1+utf8.RuneCount(data[start:at[0]]))
		for i := at[0]; i < at[1]; i++ {
			if data[i] > ' ' {
				data[i] = 'x'
			}
		}
	}
	return data
}

func (r *reader) complainOfSecret(line, column int) {
	if !slices.ContainsFunc(r.problems, func(p Problem) bool { return p.Line == line }) {
		r.complain(line, column, "a secret doesn't belong here: take it out and, if others could read it, replace it. "+
			"Secrets come from the environment, such as SLACK_BOT_TOKEN, or from a file named there, such as SLACK_BOT_TOKEN_FILE")
	}
}
