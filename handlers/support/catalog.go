package support

import (
	"embed"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed catalog/*.yaml
var catalogFiles embed.FS

// Languages that we speak, as tickets store them.
const (
	english  = "en"
	japanese = "ja"
)

// A catalog holds what people read, in each language.
type catalog map[string]*i18n.Localizer

func loadCatalog() (catalog, error) {
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("yaml", func(data []byte, v any) error { return yaml.Unmarshal(data, v) })
	c := catalog{}
	for _, lang := range []string{english, japanese} {
		if _, err := bundle.LoadMessageFileFS(catalogFiles, "catalog/active."+lang+".yaml"); err != nil {
			return nil, fmt.Errorf("read message catalog: %w", err)
		}
		c[lang] = i18n.NewLocalizer(bundle, lang)
	}
	return c, nil
}

// say renders a text in a language. Values are put in as they are: those that people wrote must be escaped.
func (c catalog) say(lang, id string, values map[string]any) (string, error) {
	text, err := c[lang].Localize(&i18n.LocalizeConfig{MessageID: id, TemplateData: values})
	if err != nil {
		return "", fmt.Errorf("text %q in %q: %w", id, lang, err)
	}
	return text, nil
}

// word is a text that is always there, and takes no values.
func (c catalog) word(lang, id string) string {
	return c[lang].MustLocalize(&i18n.LocalizeConfig{MessageID: id})
}

// kind names a kind of secret: "slack-bot-token" by its own name, else by that of "slack-bot", else of "slack".
func (c catalog) kind(lang, kind string) string {
	for {
		if name, err := c.say(lang, "kind_"+kind, nil); err == nil {
			return name
		}
		end := strings.LastIndexByte(kind, '-')
		if end < 0 {
			return c.word(lang, "kind_other")
		}
		kind = kind[:end]
	}
}

// languageOf returns the catalog's language for a Slack locale such as "ja-JP".
func languageOf(locale string) string {
	if strings.HasPrefix(locale+"-", japanese+"-") {
		return japanese
	}
	return english
}
