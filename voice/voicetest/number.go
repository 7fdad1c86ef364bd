package voicetest

import "strings"

// regions tells the region of some area codes of the North American plan.
var regions = map[string]string{
	"212": "New York", "213": "California", "305": "Florida", "312": "Illinois", "415": "California",
	"503": "Oregon", "512": "Texas", "602": "Arizona", "617": "Massachusetts", "702": "Nevada",
	"713": "Texas", "916": "California",
}

func digitsOf(number string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, number)
}

// isOutside reports whether the number is of the public network: extensions
// are short.
func isOutside(number string) bool {
	return strings.HasPrefix(number, "+") || len(digitsOf(number)) >= 7
}

// national returns the ten digits of a number of the North American plan.
func national(number string) (string, bool) {
	d := digitsOf(number)
	switch {
	case len(d) == 11 && d[0] == '1':
		return d[1:], true
	case len(d) == 10 && !strings.HasPrefix(number, "+"):
		return d, true
	}
	return "", false
}

// number writes a participant as an object.
func (b *builder) number(number string, plain bool) {
	b.open("")
	if n, ok := national(number); ok && !plain {
		b.str("e164Number", "+1"+n)
		if region, ok := regions[n[:3]]; ok {
			b.str("location", region)
		}
		b.str("formattedPhoneNumber", "("+n[:3]+") "+n[3:6]+"-"+n[6:])
		b.open("country")
		b.str("name", "United States")
		b.str("code", "US")
		b.str("callingCode", "1")
		b.close()
	} else {
		e164 := ""
		if strings.HasPrefix(number, "+") {
			e164 = "+" + digitsOf(number)
		}
		b.str("e164Number", e164)
		b.str("formattedPhoneNumber", number)
	}
	b.str("phoneNumber", number)
	b.str("digits", digitsOf(number))
	b.close()
}
