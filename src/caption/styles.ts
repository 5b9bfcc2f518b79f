/** What a captioner is told for each style of caption. */

export const styles = ['short', 'detailed', 'alt', 'photographer', 'artist', 'training'] as const
export type Style = (typeof styles)[number]

/** `max_length` where the default would cut the caption. */
export const STYLES: Readonly<Record<Style, { prompt: string; max_length?: number }>> = {
  short: { prompt: 'Describe this image in one short sentence.' },
  detailed: {
    prompt: 'Describe this image in detail: what it shows, where things are, their colors, the light and the mood.',
    max_length: 320,
  },
  alt: { prompt: 'Write alternative text for this image, for someone who cannot see it, in at most two sentences.' },
  photographer: {
    prompt: 'Describe this image as a photographer would: subject, framing, lens, light and colors, in two sentences.',
  },
  artist: {
    prompt:
      'Describe this image as a painter would: medium, technique, style, composition and palette, in two sentences.',
  },
  training: {
    prompt:
      'Write one caption to train an image generator with: the subject, the medium, then details. No introduction, no opinion.',
  },
}
