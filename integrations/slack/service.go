package slack

import (
	"context"
	"time"

	"supportbot/integrations"
	"supportbot/integrations/redact"
)

// Options say how Slack is treated.
type Options struct {
	// PostsPerChannelPerMinute is Slack's limit of posts; 0 is no limit on anything, for a server of your own.
	PostsPerChannelPerMinute int
	Settle                   time.Duration // 0 is 3 s
}

// Lanes of calls that Slack limits per method. A post's lane is its channel.
const (
	laneUpdate  = "chat.update"
	laneWhisper = "chat.postEphemeral"
	lanePerson  = "users.info"
	laneFile    = "files.info"

	// These are of the calls that the machine makes itself.
	LaneGroups  = "usergroups.list"
	LaneHistory = "conversations.history"
	LaneReplies = "conversations.replies"
	LaneChannel = "conversations.info"
	LaneMine    = "users.conversations"
	LaneList    = "conversations.list"
	LaneJoin    = "conversations.join"
)

const (
	// workers is how many calls to Slack are under way at most.
	workers = 16
	// workersUnlimited is how many to a server of your own, that sets no limits: answers of many share commits.
	workersUnlimited = 64
)

// Service returns Slack with its kinds of action. What they read is redacted by r.
func (c *Client) Service(r *redact.Redactor, o Options) integrations.Service {
	if o.Settle == 0 {
		o.Settle = 3 * time.Second
	}
	n := workers
	if o.PostsPerChannelPerMinute == 0 {
		n = workersUnlimited
	}
	return integrations.Service{
		Name:    "slack",
		Title:   "Slack",
		Timeout: 8 * time.Second,
		Settle:  o.Settle,
		Workers: n,
		Limits:  limits(o.PostsPerChannelPerMinute),
		Kinds: []integrations.Kind{
			c.show(), c.notify(), c.whisper(),
			c.readPerson(r), c.readChannel(r), c.readGroups(r), c.readFile(r),
		},
		Probe: func(ctx context.Context) error {
			_, err := c.Identity(ctx)
			return err
		},
	}
}

// limits are one post a second in a channel, and the tiers of the other methods: 4 is 100 a minute, 3 is 50,
// 2 is 20. Source: https://docs.slack.dev/apis/web-api/rate-limits.
func limits(postsPerChannel int) []integrations.Limit {
	if postsPerChannel == 0 {
		return nil
	}
	tier := func(method string, perMinute int) integrations.Limit {
		return integrations.Limit{Counts: []string{method}, Count: perMinute, Per: time.Minute}
	}
	return []integrations.Limit{
		{Count: postsPerChannel, Per: time.Minute, Even: true},
		tier(laneUpdate, 50),
		tier(laneWhisper, 100),
		tier(lanePerson, 100),
		tier(LaneChannel, 50),
		tier(LaneGroups, 20),
		tier(laneFile, 100),
		tier(LaneHistory, 50),
		tier(LaneReplies, 50),
		tier(LaneMine, 20),
		tier(LaneList, 20),
		tier(LaneJoin, 50),
	}
}

func lane(name string) func(integrations.Call) string {
	return func(integrations.Call) string { return name }
}
