"""The pages of a part's PDF drawing as pictures, so that no browser ever opens the PDF here."""
