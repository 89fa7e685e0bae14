// Package text reads what people write in Slack and renders it as GitHub Markdown and as titles.
package text

import "encoding/json"

// A Doc is a message as its readers see it: blocks in order, without Slack's wire format.
// It is stored as JSON, redacted.
type Doc []Block

// A BlockKind is the sort of a Block.
type BlockKind string

// The kinds of Block.
const (
	Paragraph BlockKind = "p"
	Quote     BlockKind = "quote"
	Code      BlockKind = "code" // preformatted
	Item      BlockKind = "item" // one list item
	Heading   BlockKind = "h"
	Rule      BlockKind = "hr"
)

// A Block is a run of inlines of one kind. Inlines of a Code block are plain text.
type Block struct {
	Kind    BlockKind `json:"k"`
	Indent  int       `json:"i,omitempty"` // of an Item, 0 is outermost; of a quoted or nested block likewise
	Number  int       `json:"n,omitempty"` // of an Item in an ordered list, from 1; 0 is a bullet
	Inlines []Inline  `json:"in,omitempty"`
}

// An InlineKind is the sort of an Inline.
type InlineKind string

// The kinds of Inline.
const (
	Text      InlineKind = ""
	Link      InlineKind = "link"
	User      InlineKind = "user"
	Channel   InlineKind = "channel"
	Group     InlineKind = "group"
	Broadcast InlineKind = "broadcast" // @here, @channel, @everyone: ID holds which
	Emoji     InlineKind = "emoji"     // ID holds the name without colons, Text the character if known
	Date      InlineKind = "date"      // Text holds Slack's fallback
)

// An Inline is a piece of text in one style, or a reference.
type Inline struct {
	Kind   InlineKind `json:"k,omitempty"`
	Text   string     `json:"t,omitempty"`
	ID     string     `json:"id,omitempty"`
	URL    string     `json:"url,omitempty"`
	Bold   bool       `json:"b,omitempty"`
	Italic bool       `json:"i,omitempty"`
	Strike bool       `json:"s,omitempty"`
	Code   bool       `json:"c,omitempty"`
}

// A Ref names a person, channel or group that a Doc mentions.
type Ref struct {
	Kind InlineKind // User, Channel or Group
	ID   string
}

// Names gives the display name of a Ref, without "@" or "#"; empty if it isn't known, then the id stands in.
type Names func(Ref) string

// Parse reads a message: its blocks, as Slack sent them, or, if there are none that it knows how to read, its
// mrkdwn text. It never fails: what it can't read falls back to the text.
func Parse(blocks json.RawMessage, mrkdwn string) Doc { return Doc{} }

// Mentions says whether d itself, not a quotation in it, mentions one of the ids (of groups or users).
func (d Doc) Mentions(ids ...string) bool { return false }

// Refs returns the people, channels and groups that d mentions, each once, in order.
func (d Doc) Refs() []Ref { return nil }

// Rewrite returns d with its strings replaced. f gets every text, label and address in reading order, with
// separators ("\n" between blocks, " " between a link's label and address) as elements of their own, so that
// what a reader sees as one piece is one piece; it returns a slice of the same length. Changed separators are
// ignored.
func (d Doc) Rewrite(f func([]string) []string) Doc { return d }

// Plain returns d as the plain text a reader sees.
func (d Doc) Plain(n Names) string { return "" }

// Markdown renders d as GitHub Markdown in which nothing notifies or cross-links by accident and no HTML, and
// so no hidden marker, survives.
func (d Doc) Markdown(n Names) string { return "" }

// Title returns the title a person would give: the first meaningful line of d, without the mentions of ids,
// with links and code reduced to words, in at most max characters. It is empty if no line has a word.
func (d Doc) Title(n Names, max int, ids ...string) string { return "" }

// HasKana says whether d contains hiragana or katakana, and so is Japanese.
func (d Doc) HasKana() bool { return false }
