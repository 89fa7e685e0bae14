package sandbox

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-github/v66/github"
)

// BenchmarkGitHubCreate shows what a create costs with go-github over HTTP on loopback, both ends included.
func BenchmarkGitHubCreate(b *testing.B) {
	g, c := startGitHub(b, GitHubOptions{Unlimited: true, CanPush: true, ForgetCalls: true})
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			createIssue(b, c, "Load fails", "body", "support", "medium:slack", "turn:team")
		}
	})
	b.ReportMetric(float64(len(g.Issues()))/b.Elapsed().Seconds(), "issues/s")
}

// BenchmarkGitHubServe shows what the stand-in alone takes of it.
func BenchmarkGitHubServe(b *testing.B) {
	g, _ := startGitHub(b, GitHubOptions{Unlimited: true, CanPush: true, ForgetCalls: true})
	for b.Loop() {
		call(g, "POST", issuesPath, `{"title":"t","body":"b","labels":["support","turn:team"]}`)
	}
}

// BenchmarkGitHubPoll lists what changed of many issues: its cost must not grow with them.
func BenchmarkGitHubPoll(b *testing.B) {
	for _, issues := range []int{1_000, 100_000} {
		b.Run(fmt.Sprintf("issues=%d", issues), func(b *testing.B) {
			g, c := startGitHub(b, GitHubOptions{Unlimited: true, ForgetCalls: true})
			for range issues {
				g.OpenIssueAs("alice", "a", "b")
			}
			g.clock.Advance(time.Minute)
			g.CommentAs("alice", 7, "c")
			o := &github.IssueListByRepoOptions{State: "all", Sort: "updated", Direction: "asc", Since: g.now()}
			for b.Loop() {
				found, _, err := c.Issues.ListByRepo(context.Background(), testOwner, testRepo, o)
				if err != nil || len(found) != 1 {
					b.Fatal(len(found), err)
				}
			}
		})
	}
}
