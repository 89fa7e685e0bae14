// Package text reads what people write in Slack and renders it as GitHub Markdown and as titles.
//
// Parse turns the wire format into a Doc; the Doc is redacted (Rewrite) and stored; Markdown, Plain and Title
// render it. What people typed is shown as the characters they typed: it can format nothing, notify nobody,
// link to no other issue, and hold no HTML comment. What GitHub would take for a reference (@name, #12, a
// hash, the address of an issue) is shown as code, which can be read and copied but does nothing.
package text

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
	Indent  int       `json:"i,omitempty"` // of an Item, 0 is outermost
	Number  int       `json:"n,omitempty"` // of an Item in an ordered list, from 1; 0 is a bullet
	Quoted  bool      `json:"q,omitempty"` // a Code or Item inside a quotation; a Quote always is one
	Inlines []Inline  `json:"in,omitempty"`
}

// An InlineKind is the sort of an Inline.
type InlineKind string

// The kinds of Inline.
const (
	Text      InlineKind = ""
	Link      InlineKind = "link"      // Text is the label, empty if it is the address itself
	User      InlineKind = "user"      // Text is the label that Slack sent along, if it did; of Channel and Group likewise
	Channel   InlineKind = "channel"   // a Slack channel
	Group     InlineKind = "group"     // a user group
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

// Names gives the display name of a Ref, without "@" or "#"; empty if it isn't known, then the label that Slack
// sent along or the id stands in. A nil Names knows nobody.
type Names func(Ref) string
