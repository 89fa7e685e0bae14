package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"
)

// slackGoLoop is the shortest program with slack-go that does the bot's job: a goroutine a mention. All is in memory, but for
// what it notes in a journal, if it has one.
func slackGoLoop(notes *journal) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	transport.MaxConnsPerHost = 64
	client := &http.Client{Transport: transport}
	api := slack.New(os.Getenv("SLACK_BOT_TOKEN"), slack.OptionAPIURL(os.Getenv("SLACK_API_URL")),
		slack.OptionAppLevelToken(os.Getenv("SLACK_APP_TOKEN")), slack.OptionHTTPClient(client))
	socket := socketmode.New(api)
	go func() {
		fmt.Fprintln(os.Stderr, socket.Run())
		os.Exit(1)
	}()
	mention := "<!subteam^" + os.Getenv("SUPPORT_GROUP") + ">"
	for e := range socket.Events {
		if e.Type != socketmode.EventTypeEventsAPI {
			continue
		}
		m, ok := e.Data.(slackevents.EventsAPIEvent).InnerEvent.Data.(*slackevents.MessageEvent)
		if !ok || !strings.Contains(m.Text, mention) {
			_ = socket.Ack(*e.Request)
			continue
		}
		go func() {
			notes.note(m.TimeStamp, m.Text) // taken in, and its issue begun
			_ = socket.Ack(*e.Request)
			answerMention(client, api, m, notes)
		}()
	}
}

func answerMention(client *http.Client, api *slack.Client, m *slackevents.MessageEvent, notes *journal) {
	title, _, _ := strings.Cut(m.Text, "\n")
	body, _ := json.Marshal(map[string]any{"title": title, "body": m.Text, "labels": []string{"support", "medium:slack", "turn:team"}})
	address := os.Getenv("GITHUB_URL") + "repos/" + os.Getenv("REPOSITORY") + "/issues"
	request, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, address, bytes.NewReader(body))
	request.Header.Set("Authorization", "Bearer "+os.Getenv("GITHUB_TOKEN"))
	response, err := client.Do(request)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	defer response.Body.Close()
	var issue struct {
		Number int    `json:"number"`
		URL    string `json:"html_url"`
	}
	if err := json.NewDecoder(response.Body).Decode(&issue); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	notes.note(m.TimeStamp, issue.URL) // done, and its reply begun
	text := fmt.Sprintf("Thank you, received: <%s|#%d>", issue.URL, issue.Number)
	if _, _, err := api.PostMessage(m.Channel, slack.MsgOptionText(text, false), slack.MsgOptionTS(m.TimeStamp)); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	notes.note(m.TimeStamp, "done")
}

// A journal is what must be on disk at least, and when, so that a program that is killed at any point loses and doubles
// nothing: each mention before it is acknowledged, and each call before it is begun. Notes that wait share a commit.
type journal struct{ notes chan note }

type note struct {
	mention, what string
	kept          chan bool
}

// openJournal makes a journal in a new file.
func openJournal(path string) (*journal, error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("CREATE TABLE notes (id INTEGER PRIMARY KEY, mention TEXT NOT NULL, what TEXT NOT NULL) STRICT"); err != nil {
		return nil, err
	}
	j := &journal{make(chan note, 10_000)}
	go func() {
		for first := range j.notes {
			if err := j.keep(db, first); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		}
	}()
	return j, nil
}

func (j *journal) keep(db *sql.DB, first note) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	insert, err := tx.Prepare("INSERT INTO notes (mention, what) VALUES (?, ?)")
	if err != nil {
		return err
	}
	batch := []note{first}
	for more := len(j.notes); more > 0; more-- {
		batch = append(batch, <-j.notes)
	}
	for _, n := range batch {
		if _, err := insert.Exec(n.mention, n.what); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	for _, n := range batch {
		close(n.kept)
	}
	return nil
}

// note returns when what is on disk. No journal keeps nothing.
func (j *journal) note(mention, what string) {
	if j == nil {
		return
	}
	n := note{mention, what, make(chan bool)}
	j.notes <- n
	<-n.kept
}
