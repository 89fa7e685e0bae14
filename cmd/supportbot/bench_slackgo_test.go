package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"
)

// slackGoLoop is the shortest program with slack-go that does the bot's job: in memory, a goroutine a mention.
func slackGoLoop() {
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
		_ = socket.Ack(*e.Request)
		m, ok := e.Data.(slackevents.EventsAPIEvent).InnerEvent.Data.(*slackevents.MessageEvent)
		if ok && strings.Contains(m.Text, mention) {
			go answerMention(client, api, m)
		}
	}
}

func answerMention(client *http.Client, api *slack.Client, m *slackevents.MessageEvent) {
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
	text := fmt.Sprintf("Thank you, received: <%s|#%d>", issue.URL, issue.Number)
	if _, _, err := api.PostMessage(m.Channel, slack.MsgOptionText(text, false), slack.MsgOptionTS(m.TimeStamp)); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}
